// An engine whose scans cost one copy. The remaining time is the path to the caller.
import type { EntryChunk } from '@shardyfusion/core'
import { packEntries, type ShardEngine } from '@shardyfusion/core/extend'

export interface SyntheticOptions {
  readonly rows: number
}

const VALUE_BYTES = 100

export default function makeEngine({ rows }: SyntheticOptions): ShardEngine {
  const refuse = (): never => {
    throw new Error('this engine only scans')
  }
  return {
    name: 'synthetic',
    format: 'synthetic',
    supports: { io: 'objects' },
    origin: { module: import.meta.url, options: { rows } },
    openWriter: async () => refuse(),
    openReader: async () => ({
      getMany: async () => refuse(),
      scan() {
        let left = rows
        let full: EntryChunk | undefined
        return {
          async nextChunk(max) {
            if (left === 0) return undefined
            const count = Math.min(max, left)
            left -= count
            full ??= makeChunk(count)
            return full.slice(0, count)
          },
          async close() {},
        }
      },
      async close() {},
    }),
  }
}

function makeChunk(count: number): EntryChunk {
  const value = new Uint8Array(VALUE_BYTES).fill(7)
  const key = (i: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, i >>> 24, i >>> 16, i >>> 8, i)
  return packEntries(Array.from({ length: count }, (_, i) => [key(i), value]))
}
