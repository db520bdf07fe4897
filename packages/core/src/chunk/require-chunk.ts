import { ShardyfusionError } from '../errors.js'
import { describeValue } from '../options/describe-value.js'
import type { EntryChunk } from './entry-chunk.js'

/** Refuses a value that is not a chunk; accepts chunks of another copy of this package. */
export function requireChunk(chunk: EntryChunk, where: string): void {
  const { count, buffer } = (chunk ?? {}) as Partial<EntryChunk>
  if (typeof count === 'number' && buffer instanceof ArrayBuffer) return
  throw new ShardyfusionError(
    'SHARD_INVALID_VALUE',
    `${where}: expected an EntryChunk, got ${describeValue(chunk)}; packEntries() makes one`,
    { details: { peer: 'ConfigValidationError' } },
  )
}
