import type { PublishedSnapshot } from '@shardyfusion/core'
import type { RowSource } from '../input/row-source.js'
import type { Printer } from '../output/printer.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'

/** What a build has published, on stdout. */
export function describeBuild(
  printer: Printer,
  { runId, prefix, manifestRef, shards, rowCount, bytes, durations }: PublishedSnapshot,
  badRows: number,
  lines: RowSource['lines'],
): void {
  const { read, taken, leftOut, skipped } = lines
  const facts = {
    runId,
    prefix,
    rowCount,
    badRows,
    lines: { read, taken, leftOut, skipped },
    shards: shards.length,
    bytes,
    manifestRef,
  }
  printer.record({ ...facts, durations: { ...durations } }, () =>
    printer.facts({
      published: runId,
      rows: formatCount(rowCount),
      'bad rows': badRows === 0 ? undefined : formatCount(badRows),
      lines: linesText(lines),
      shards: formatCount(shards.length),
      size: bytes === 0 ? undefined : formatBytes(bytes),
      took: formatMs(durations.totalMs),
    }),
  )
}

/** Lines that were read, and what became of those that hold no row: 5,003 = 5,000 taken + 1 left out + 2 skipped. */
function linesText({ read, taken, leftOut, skipped }: RowSource['lines']): string {
  if (taken === read) return formatCount(read)
  const parts = [`${formatCount(taken)} taken`]
  if (leftOut > 0) parts.push(`${formatCount(leftOut)} left out`)
  if (skipped > 0) parts.push(`${formatCount(skipped)} skipped`)
  return `${formatCount(read)} = ${parts.join(' + ')}`
}
