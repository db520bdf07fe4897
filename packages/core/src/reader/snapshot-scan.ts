import type { ByteRange } from '../types.js'
import { closeOnce } from '../util/close-once.js'
import type { ChunkSource } from '../chunk/chunk-source.js'
import { ConcatSource } from './concat-source.js'
import { MergeSource } from '../chunk/merge-source.js'
import { ShardCursor } from './shard-cursor.js'
import type { SnapshotState } from './snapshot-state.js'

/** Scans all shards of a borrowed snapshot and releases it when the scan ends. */
export function snapshotScan(
  state: SnapshotState,
  range: ByteRange,
  o: { ordered: boolean; reverse: boolean; concurrency: number; requireOpen: () => void },
): ChunkSource {
  const cursors = state.manifest.entries
    .filter((shard) => shard.url !== undefined)
    .map((shard) => new ShardCursor(state, shard.id, range, o.reverse))
  const source =
    o.ordered && cursors.length > 1
      ? new MergeSource(cursors, o.reverse, o.concurrency)
      : new ConcatSource(cursors)
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
