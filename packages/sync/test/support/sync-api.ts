import {
  ShardReaderSync,
  ShardWriterSync,
  SnapshotReaderSync,
  SnapshotWriterSync,
  writeSnapshotSync,
} from '@shardyfusion/sync'
import { VectorReaderSync, writeVectorsSync } from '@shardyfusion/sync/vector'
import type { VectorReader, writeVectors } from '@shardyfusion/vector'
import { ScanIteratorSync } from '#dist/scan/scan-iterator-sync.js'
import type { Api } from '../../../core/dist-test/contract/api.js'

/** What core does without a promise too. */
const SYNC_IN_CORE = new Set<PropertyKey>([
  'constructor',
  'decodeKey',
  'health',
  'info',
  'route',
  'scanIter',
  'shardFor',
  'shards',
  'vectors',
])

/** The facade with promises around its results, so that the suites of core run on it. */
export const syncApi = {
  ShardReader: opening(ShardReaderSync),
  ShardWriter: opening(ShardWriterSync),
  SnapshotReader: opening(SnapshotReaderSync),
  SnapshotWriter: opening(SnapshotWriterSync),
  writeSnapshot: async (records: object, options: never) =>
    writeSnapshotSync(await collected(records), options),
} as unknown as Api

/** The same for snapshots of vectors without keys. */
export const syncVectorApi = {
  VectorReader: opening(VectorReaderSync) as typeof VectorReader,
  writeVectors: (async (records: object, options: never) =>
    writeVectorsSync(await collected(records), options)) as typeof writeVectors,
}

function opening(kind: { open(options: never): object }): unknown {
  return { open: async (options: never) => promising(kind.open(options)) }
}

/** The same object with methods that return promises. */
function promising(target: object): object {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === Symbol.asyncIterator) return () => promising(target)
      if (typeof value !== 'function') return value
      if (SYNC_IN_CORE.has(name)) {
        return (...args: unknown[]): unknown => {
          const result: unknown = value.apply(target, args)
          return result instanceof ScanIteratorSync ? promising(result) : result
        }
      }
      // A generator is taken by `for await` as it is.
      if (name === 'chunks') return value.bind(target)
      return async (...args: unknown[]): Promise<unknown> => value.apply(target, args)
    },
  })
}

async function collected(records: object): Promise<Iterable<unknown>> {
  if (!(Symbol.asyncIterator in records)) return records as Iterable<unknown>
  const all: unknown[] = []
  for await (const record of records as AsyncIterable<unknown>) all.push(record)
  return all
}
