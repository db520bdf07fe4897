import { invalidOption } from '@shardyfusion/core/internal-vector'

/** The error for rows with keys. */
export function withoutKeys(): Error {
  return invalidOption(
    'lancedb',
    'lancedb() stores vectors without keys, which writeVectors of @shardyfusion/vector writes; for rows with keys pass ' +
      'engine: composite(slatedb(), lancedb()), with the option vector (in shardy: --engine slatedb+lancedb)',
  )
}
