import { VectorColumn } from '../input/vector-column.js'
import { UsageError } from '../util/usage-error.js'
import type { BuildFlags } from './build-flags.js'

type VectorFlags = Pick<
  BuildFlags,
  'vectorColumn' | 'dimensions' | 'metric' | 'vectorId' | 'payload'
>

/** The column of vectors; `undefined` without `--vector-column`. Errors: UsageError. */
export function vectorColumn(flags: VectorFlags, command: string): VectorColumn | undefined {
  const { vectorColumn: column, dimensions, metric, vectorId, payload } = flags
  if (column === undefined) {
    const given = Object.entries({ dimensions, metric, 'vector-id': vectorId, payload })
    const [name] = given.find(([, value]) => value !== undefined) ?? []
    if (name === undefined) return undefined
    throw new UsageError(`${command}: --${name} needs --vector-column`)
  }
  return new VectorColumn({
    column,
    dimensions,
    metric: metric ?? 'cosine',
    idColumn: vectorId,
    payloadColumns: payload ?? [],
  })
}
