import type { VectorId } from '../../chunk/vector-chunk.js'
import { invalidOption } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import type { Key, KeyEncoding } from '../../types.js'

const DECIMAL = /^(?:0|[1-9]\d{0,19})$/

/** The key of a row by the id of its vector. Errors: SHARD_INVALID_OPTION for an id that is not a key. */
export function keyOfHit(id: VectorId, encoding: KeyEncoding, where: string): Key {
  const isInteger = encoding === 'u64be' || encoding === 'u32be'
  if ((typeof id === 'bigint') === isInteger) return id
  // LanceDB stores the ids of integer keys as text.
  if (isInteger && DECIMAL.test(id as string)) return BigInt(id)
  throw invalidOption(
    where,
    `withValues needs vectors whose ids are the keys of their rows (${encoding}), got the id ${describeValue(id)}`,
    { details: { encoding } },
  )
}
