import type { PublishedSnapshot } from '@shardyfusion/core'
import type { RowSource } from '../input/row-source.js'
import type { Printer } from '../output/printer.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'

/** Prints the result of a build to stdout. */
export function describeBuild(
  printer: Printer,
  { runId, prefix, manifestRef, shards, rowCount, bytes, durations }: PublishedSnapshot,
  badRows: number,
  lines: RowSource['lines'],
): void {
  const { read, accepted, ignored, skipped } = lines
  const facts = {
    runId,
    prefix,
    rowCount,
    badRows,
    lines: { read, accepted, ignored, skipped },
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

/** The number of lines read, split by outcome: 5,003 = 5,000 accepted + 1 ignored + 2 skipped. */
function linesText({ read, accepted, ignored, skipped }: RowSource['lines']): string {
  if (accepted === read) return formatCount(read)
  const parts = [`${formatCount(accepted)} accepted`]
  if (ignored > 0) parts.push(`${formatCount(ignored)} ignored`)
  if (skipped > 0) parts.push(`${formatCount(skipped)} skipped`)
  return `${formatCount(read)} = ${parts.join(' + ')}`
}
