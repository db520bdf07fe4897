import type { ByteRange } from '../types.js'
import { closeOnce } from '../util/close-once.js'
import type { ChunkSource } from '../chunk/chunk-source.js'
import { ConcatSource } from './concat-source.js'
import { MergeSource } from '../chunk/merge-source.js'
import { aheadBytes } from './read-ahead.js'
import { ShardCursor } from './shard-cursor.js'
import type { SnapshotState } from './snapshot-state.js'

/** Scans all shards of a borrowed snapshot and releases it when the scan ends. */
export function snapshotScan(
  state: SnapshotState,
  range: ByteRange,
  o: {
    ordered: boolean
    reverse: boolean
    limit: number | undefined
    concurrency: number
    requireOpen: () => void
  },
): ChunkSource {
  const { reverse, concurrency, limit } = o
  const shards = state.manifest.entries.filter((shard) => shard.url !== undefined)
  const readAheadBytes = aheadBytes(o.ordered ? shards.length : 1, limit)
  const cursors = shards.map(
    (shard) => new ShardCursor(state, shard.id, range, { reverse, readAheadBytes }),
  )
  const source =
    o.ordered && cursors.length > 1
      ? new MergeSource(cursors, { reverse, concurrency, entryBytes: entryBytes(state) })
      : new ConcatSource(cursors, concurrency)
  return {
    nextChunk: async (maxEntries) => {
      o.requireOpen()
      return source.nextChunk(maxEntries)
    },
    close: closeOnce(async () => {
      try {
        await source.close()
      } finally {
        state.release()
      }
    }),
  }
}

/** Bytes of an entry on average, as far as the manifest can tell. */
function entryBytes({ manifest }: SnapshotState): number | undefined {
  let bytes = 0
  let rows = 0
  for (const shard of manifest.entries) {
    bytes += shard.bytes
    rows += shard.rowCount
  }
  return rows === 0 ? undefined : bytes / rows
}
