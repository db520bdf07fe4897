import type { UpdatedSnapshot, UpdatePlan } from '@shardyfusion/core'
import type { RowSource } from '../input/row-source.js'
import type { Column, Printer } from '../output/printer.js'
import { formatBytes, formatCount, formatMs } from '../output/units.js'

/** Facts about the input of an update. */
export interface InputFacts {
  readonly badRows: number
  readonly lines: RowSource['lines']
}

/** Prints the result of an update to stdout. */
export function describeUpdate(
  printer: Printer,
  updated: UpdatedSnapshot,
  { badRows, lines }: InputFacts,
): void {
  const { runId, baseRunId, prefix, manifestRef, rowCount, bytes, changes, durations } = updated
  const { shardsWritten, shardsKept, shardsResumed, shards, rows } = updated
  const { read, accepted, ignored, skipped } = lines
  const facts = {
    runId,
    baseRunId,
    prefix,
    changes,
    rows: { ...rows },
    rowCount,
    badRows,
    lines: { read, accepted, ignored, skipped },
    shards: shards.length,
    shardsWritten,
    shardsKept,
    shardsResumed,
    bytes,
    manifestRef,
  }
  printer.record({ ...facts, durations: { ...durations } }, () =>
    printer.facts({
      published: runId,
      'updated from': baseRunId,
      changes: `${formatCount(changes)}: ${effects(rows)}`,
      rows: formatCount(rowCount),
      'bad rows': badRows === 0 ? undefined : formatCount(badRows),
      shards: `${formatCount(shardsWritten)} written, ${formatCount(shardsKept)} taken over${shardsResumed === 0 ? '' : `, ${formatCount(shardsResumed)} resumed`}`,
      size: bytes === 0 ? undefined : formatBytes(bytes),
      took: formatMs(durations.totalMs),
    }),
  )
}

function effects({ inserted, replaced, deleted }: UpdatedSnapshot['rows']): string {
  return `${formatCount(inserted)} inserted, ${formatCount(replaced)} replaced, ${formatCount(deleted)} deleted`
}

const COLUMNS: readonly Column[] = [
  { name: 'shard', align: 'right' },
  { name: 'puts', align: 'right', show: (count) => formatCount(Number(count)) },
  { name: 'deletes', align: 'right', show: (count) => formatCount(Number(count)) },
  { name: 'rows', align: 'right', show: (count) => formatCount(Number(count)) },
  { name: 'bytes', title: 'size', align: 'right', show: (bytes) => formatBytes(Number(bytes)) },
]

/** Prints the shards that an update would write. */
export function describePlan(
  printer: Printer,
  plan: UpdatePlan,
  { badRows, lines }: InputFacts,
): void {
  const { baseRunId, baseManifestRef, prefix, changes, shards, changed } = plan
  const { rowsBefore, bytesBefore } = plan
  const { read, accepted, ignored, skipped } = lines
  const rows = changed.map(({ id, rowCount, bytes, puts, deletes }) => {
    return { shard: id, puts, deletes, rows: rowCount, bytes }
  })
  const facts = {
    dryRun: true,
    baseRunId,
    baseManifestRef,
    prefix,
    changes,
    badRows,
    lines: { read, accepted, ignored, skipped },
    shards,
    shardsToWrite: changed.length,
    rowsToRead: rowsBefore,
    bytesToRead: bytesBefore,
    changed: rows,
  }
  const isText = printer.format === 'table' || printer.format === 'raw'
  if (isText && rows.length > 0) printer.rows(COLUMNS, rows)
  printer.record(facts, () =>
    printer.facts({
      'would update': baseRunId,
      changes: formatCount(changes),
      'bad rows': badRows === 0 ? undefined : formatCount(badRows),
      shards: `${formatCount(changed.length)} to write, ${formatCount(shards - changed.length)} to take over`,
      'to read': `${formatCount(rowsBefore)} rows${bytesBefore === 0 ? '' : `, ${formatBytes(bytesBefore)}`}`,
    }),
  )
}
