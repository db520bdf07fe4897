import type { PublishedSnapshot } from '@shardyfusion/core'
import type { Printer } from '../output/printer.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'

/** What a build has published, on stdout. */
export function describeBuild(
  printer: Printer,
  { runId, prefix, manifestRef, shards, rowCount, bytes, durations }: PublishedSnapshot,
  badRows: number,
): void {
  const facts = { runId, prefix, rowCount, badRows, shards: shards.length, bytes, manifestRef }
  printer.record({ ...facts, durations: { ...durations } }, () =>
    printer.facts({
      published: runId,
      rows: formatCount(rowCount),
      'bad rows': badRows === 0 ? undefined : formatCount(badRows),
      shards: formatCount(shards.length),
      size: bytes === 0 ? undefined : formatBytes(bytes),
      took: formatMs(durations.totalMs),
    }),
  )
}
