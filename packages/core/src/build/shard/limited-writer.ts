import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import { emit } from '../../diagnostics/events.js'
import type { EngineWriter } from '../../engine/engine.js'
import type { WriteRateLimit } from '../rows/batch-options.js'
import { TokenBucket } from '../../async/token-bucket.js'

/** The limits of one build, shared by its shards and all their attempts. */
export interface WriteLimits {
  readonly rows: TokenBucket | undefined
  readonly bytes: TokenBucket | undefined
}

export function writeLimits(limit: WriteRateLimit | undefined): WriteLimits | undefined {
  if (limit === undefined) return undefined
  const { rowsPerSecond, bytesPerSecond } = limit
  return {
    rows: rowsPerSecond === undefined ? undefined : new TokenBucket(rowsPerSecond),
    bytes: bytesPerSecond === undefined ? undefined : new TokenBucket(bytesPerSecond),
  }
}

/**
 * Passes batches to an engine no faster than the limits allow; a batch counts as a whole, however
 * large.
 */
export function limitWriter(
  writer: EngineWriter,
  limits: WriteLimits | undefined,
  { signal, prefix }: { readonly signal: AbortSignal | undefined; readonly prefix: string },
): EngineWriter {
  if (limits === undefined) return writer
  const waited = (startedAt: number): void =>
    emit('throttle', () => ({
      prefix,
      limiter: 'write',
      waitMs: performance.now() - startedAt,
    }))
  return {
    async write(chunk: EntryChunk) {
      // Take both before any wait, so that the total wait is the longer one.
      const waits = [
        limits.rows?.take(chunk.count, signal),
        limits.bytes?.take(chunk.byteLength, signal),
      ].filter((wait) => wait !== undefined)
      if (waits.length > 0) {
        const startedAt = performance.now()
        await Promise.all(waits)
        waited(startedAt)
      }
      await writer.write(chunk)
    },
    async writeVectors(chunk: VectorChunk) {
      const wait = limits.bytes?.take(chunk.byteLength, signal)
      if (wait !== undefined) {
        const startedAt = performance.now()
        await wait
        waited(startedAt)
      }
      await writer.writeVectors!(chunk)
    },
    flush: () => writer.flush(),
    seal: () => writer.seal(),
    bytes: () => writer.bytes(),
    close: () => writer.close(),
  }
}
