// An engine that makes up what it reads, counts what is done with it, and fails where it is told to; runs in the worker.
import { setTimeout as delay } from 'node:timers/promises'
import { packEntries, type ShardEngine } from '@shardyfusion/core/extend'
import { ShardyfusionError } from '@shardyfusion/core'

export interface TestEngineOptions {
  readonly rows?: number
  readonly valueBytes?: number
  /** Rows after which a scan fails. */
  readonly failAfter?: number
  /** Chunks after which a writer fails. */
  readonly failWriteAfter?: number
  readonly writeDelayMs?: number
  readonly sealDelayMs?: number
}

/** What a lookup of the key `counts` gives, as JSON. */
export interface TestEngineCounts {
  chunksRead: number
  scansClosed: number
}

export default function makeEngine(o: TestEngineOptions): ShardEngine {
  const { rows = 0, valueBytes = 10, failAfter = Infinity, failWriteAfter = Infinity } = o
  const counts: TestEngineCounts = { chunksRead: 0, scansClosed: 0 }
  const value = new Uint8Array(valueBytes).fill(7)
  const fault = (what: string): ShardyfusionError =>
    new ShardyfusionError('SHARD_ENGINE', `test engine: ${what}`, {
      retryable: true,
      details: { engine: 'test', at: 42n },
      cause: new RangeError('the reason'),
    })
  return {
    name: 'test',
    format: 'test',
    supports: { io: 'objects' },
    origin: { module: import.meta.url, options: o },
    async openReader() {
      return {
        async getMany(keys) {
          return keys.map(() => Buffer.from(JSON.stringify(counts)))
        },
        scan() {
          let at = 0
          return {
            async nextChunk(max) {
              if (at >= failAfter) throw fault('cannot read on')
              if (at >= rows) return undefined
              counts.chunksRead++
              const end = Math.min(rows, at + max, failAfter)
              const chunk = packEntries(
                Array.from({ length: end - at }, (_, i) => [
                  Buffer.from(String(at + i).padStart(8, '0')),
                  value,
                ]),
              )
              at = end
              return chunk
            },
            async close() {
              counts.scansClosed++
            },
          }
        },
        async close() {},
      }
    },
    async openWriter() {
      let chunks = 0
      return {
        async write() {
          if (chunks++ >= failWriteAfter) throw fault('cannot write on')
          if (o.writeDelayMs !== undefined) await delay(o.writeDelayMs)
        },
        async flush() {},
        async seal() {
          if (o.sealDelayMs !== undefined) await delay(o.sealDelayMs)
        },
        bytes: async () => 0,
        async close() {},
      }
    },
  }
}
