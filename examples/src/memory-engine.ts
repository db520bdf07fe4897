// An engine of one's own: shards as sorted arrays in the memory of this process.
import {
  type ByteRange,
  type EngineReader,
  type EngineScan,
  type EngineWriter,
  type Entry,
  packEntries,
  type ShardEngine,
  ShardyfusionError,
} from '@shardyfusion/core'

/** A new, empty engine. What it holds goes away with it, so it is good for tests and little else. */
export function memoryEngine(): ShardEngine {
  const shards = new Map<string, readonly Entry[]>()
  return {
    name: 'memory-example',

    async openWriter({ url, signal }): Promise<EngineWriter> {
      signal?.throwIfAborted()
      const entries = new Map<string, Entry>()
      return {
        async write(chunk) {
          // Copied: views into the chunk would keep all of it in memory, replaced values too.
          for (const [key, value] of chunk) entries.set(hex(key), [key.slice(), value.slice()])
        },
        async flush() {},
        async seal() {
          shards.set(
            url,
            [...entries.values()].sort(([a], [b]) => Buffer.compare(a, b)),
          )
        },
        async bytes() {
          return 0
        },
        async close() {},
      }
    },

    async openReader({ url, signal }): Promise<EngineReader> {
      signal?.throwIfAborted()
      const entries = shards.get(url)
      if (entries === undefined)
        throw new ShardyfusionError(
          'SHARD_NOT_FOUND',
          `memory-example: there is no shard at ${url}`,
        )
      const values = new Map(entries.map(([key, value]) => [hex(key), value]))
      return {
        async getMany(keys) {
          return keys.map((key) => values.get(hex(key))?.slice())
        },
        scan: (range, { reverse = false } = {}) => scan(entries, range, reverse),
        async close() {},
      }
    },
  }
}

function scan(entries: readonly Entry[], { start, end }: ByteRange, reverse: boolean): EngineScan {
  let left = entries.filter(
    ([key]) =>
      (start === undefined || Buffer.compare(key, start) >= 0) &&
      (end === undefined || Buffer.compare(key, end) < 0),
  )
  if (reverse) left.reverse()
  return {
    async nextChunk(maxEntries) {
      const next = left.slice(0, maxEntries)
      left = left.slice(maxEntries)
      return next.length === 0 ? undefined : packEntries(next)
    },
    async close() {
      left = []
    },
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
