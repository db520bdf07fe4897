import {
  type EngineReader,
  type EngineReaderOptions,
  type EngineWriter,
  type EngineWriterOptions,
  type ShardEngine,
  wrapEngine,
} from '@shardyfusion/core/extend'

/** Steps a test may act at; what a hook throws is what the engine fails with. */
export interface EngineHooks {
  openWriter?: (options: EngineWriterOptions) => unknown
  openReader?: (options: EngineReaderOptions) => unknown
  write?: (url: string, entries: number) => unknown
  flush?: (url: string) => unknown
  seal?: (url: string) => unknown
  closeWriter?: (url: string) => unknown
  getMany?: (url: string) => unknown
  nextChunk?: (url: string) => unknown
  closeReader?: (url: string) => unknown
}

/** What is open on the engine at this moment, and the most readers that ever were. */
export interface EngineCounts {
  writers: number
  readers: number
  scans: number
  mostReaders: number
}

export interface WatchedEngine extends ShardEngine {
  readonly counts: EngineCounts
}

/** The engine itself, counting what is open, with hooks before each step. */
export function watchedEngine(engine: ShardEngine, hooks: EngineHooks = {}): WatchedEngine {
  const counts: EngineCounts = { writers: 0, readers: 0, scans: 0, mostReaders: 0 }
  const watched = wrapEngine(engine, {
    async openWriter(options) {
      await hooks.openWriter?.(options)
      const writer = await engine.openWriter(options)
      counts.writers++
      return watchWriter(writer, options.url, hooks, () => counts.writers--)
    },
    async openReader(options) {
      await hooks.openReader?.(options)
      counts.readers++
      counts.mostReaders = Math.max(counts.mostReaders, counts.readers)
      try {
        const reader = await engine.openReader(options)
        return watchReader(reader, options.url, hooks, counts)
      } catch (error) {
        counts.readers--
        throw error
      }
    },
  })
  return Object.assign(watched, { counts })
}

function watchWriter(
  writer: EngineWriter,
  url: string,
  hooks: EngineHooks,
  onClose: () => void,
): EngineWriter {
  const closed = once(onClose)
  return {
    async write(chunk) {
      await hooks.write?.(url, chunk.count)
      await writer.write(chunk)
    },
    async flush() {
      await hooks.flush?.(url)
      await writer.flush()
    },
    async seal() {
      await hooks.seal?.(url)
      await writer.seal()
    },
    bytes: () => writer.bytes(),
    async close() {
      closed()
      await hooks.closeWriter?.(url)
      await writer.close()
    },
  }
}

function watchReader(
  reader: EngineReader,
  url: string,
  hooks: EngineHooks,
  counts: EngineCounts,
): EngineReader {
  const scans = new Set<() => void>()
  const closed = once(() => {
    counts.readers--
    for (const ended of scans) ended()
  })
  return {
    async getMany(keys) {
      await hooks.getMany?.(url)
      return reader.getMany(keys)
    },
    scan(range, options) {
      const scan = reader.scan(range, options)
      counts.scans++
      const ended = once(() => {
        counts.scans--
        scans.delete(ended)
      })
      scans.add(ended)
      return {
        async nextChunk(maxEntries) {
          await hooks.nextChunk?.(url)
          return scan.nextChunk(maxEntries)
        },
        async close() {
          ended()
          await scan.close()
        },
      }
    },
    async close() {
      await hooks.closeReader?.(url)
      await reader.close()
      // Counted as open until it is closed for good, and its scans with it.
      closed()
    },
  }
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    act()
  }
}
