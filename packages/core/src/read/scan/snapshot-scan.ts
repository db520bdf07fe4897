import { rangeBehind } from '../../keys/key-range.js'
import type { ByteRange } from '../../types.js'
import { closeOnce } from '../../async/close-once.js'
import type { ChunkSource } from '../../chunk/chunk-source.js'
import { ConcatSource } from './concat-source.js'
import { MergeSource } from '../../chunk/merge-source.js'
import { aheadBytes, isKept } from './read-ahead.js'
import { ShardCursor } from './shard-cursor.js'
import type { ScanPosition } from './resumable-scan.js'
import type { SessionSnapshot } from '../session/session-hooks.js'

/** Scans all shards of a borrowed snapshot and releases it at the end. */
export function snapshotScan(
  state: SessionSnapshot<unknown>,
  range: ByteRange,
  o: {
    ordered: boolean
    reverse: boolean
    limit: number | undefined
    concurrency: number
    requireOpen: () => void
    position: ScanPosition | undefined
  },
): ChunkSource {
  const { reverse, concurrency, limit, ordered, position } = o
  const all = state.manifest.entries.filter((shard) => shard.url !== undefined)
  const passed = ordered ? 0 : (position?.passed ?? 0)
  const shards = all.slice(passed)
  const behind = position && rangeBehind(range, position.key, reverse)
  const bytes = totalBytes(state)
  const readAheadBytes = aheadBytes(ordered ? shards.length : 1, limit, bytes)
  const keepInMemory = isKept(bytes)
  const cursors = shards.map(
    (shard, i) =>
      new ShardCursor(
        state,
        shard.id,
        // Shards after the one of the position are read from their start.
        behind !== undefined && (ordered || i === 0) ? behind : range,
        { reverse, readAheadBytes, keepInMemory },
      ),
  )
  const source: ChunkSource =
    ordered && cursors.length > 1
      ? new MergeSource(cursors, { reverse, concurrency, entryBytes: entryBytes(state) })
      : new ConcatSource(cursors, concurrency)
  return {
    get passed() {
      return passed + (source.passed ?? 0)
    },
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

function totalBytes({ manifest }: SessionSnapshot<unknown>): number {
  return manifest.entries.reduce((sum, shard) => sum + shard.bytes, 0)
}

/** Estimates the average bytes of an entry, from the manifest. */
function entryBytes(state: SessionSnapshot<unknown>): number | undefined {
  const rows = state.manifest.entries.reduce((sum, shard) => sum + shard.rowCount, 0)
  return rows === 0 ? undefined : totalBytes(state) / rows
}
