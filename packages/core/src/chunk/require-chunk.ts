import { invalidValue } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import type { EntryChunk } from './entry-chunk.js'
import { isArrayBuffer } from '../text/bytes.js'

/** Refuses a value that is not a chunk; accepts chunks of another copy of this package. */
export function requireChunk(chunk: EntryChunk, where: string): void {
  const { count, buffer } = (chunk ?? {}) as Partial<EntryChunk>
  if (typeof count === 'number' && isArrayBuffer(buffer)) return
  throw invalidValue(
    where,
    `expected an EntryChunk, got ${describeValue(chunk)}; packEntries() makes one`,
  )
}
