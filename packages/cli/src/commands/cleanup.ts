import type { CleanupPlan, CleanupProgress, CleanupReport } from '@shardyfusion/core/maintain'
import type { Cell } from '../output/json-text.js'
import type { Column } from '../output/printer.js'
import { formatBytes, formatCount } from '../output/units.js'
import type { Context } from '../session/context.js'
import { loadMaintenance } from '../session/library.js'
import { confirmed } from '../terminal/confirm.js'
import { LiveLines } from '../terminal/live-lines.js'
import { parseDuration } from '../util/duration.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

interface Options {
  readonly keepLast?: number
  readonly olderThan?: string
  readonly keep?: readonly string[]
  readonly grace?: string
  readonly staleAttempts: boolean
  readonly unfinishedRuns: boolean
  readonly yes?: true
  readonly progress: boolean
}

const COLUMNS: readonly Column[] = [
  {
    name: 'outcome',
    style: (outcome) =>
      outcome === 'failed'
        ? 'red'
        : outcome === 'deleted'
          ? 'green'
          : outcome === 'skipped'
            ? 'yellow'
            : undefined,
  },
  { name: 'kind' },
  { name: 'runId', title: 'run' },
  { name: 'objects', align: 'right', show: (count) => formatCount(Number(count)) },
  { name: 'bytes', title: 'size', align: 'right', show: (bytes) => formatBytes(Number(bytes)) },
  { name: 'reason' },
]

export async function run({ context, options }: Call<Options>): Promise<number> {
  const { session, writeErr, paint, flush } = context
  session.requireCurrent('cleanup')
  const { planCleanup } = await loadMaintenance()
  const live = options.progress ? new LiveLines(context, 'surveying') : undefined
  const plan = await planCleanup({
    ...session.storage,
    keepLast: options.keepLast,
    olderThanMs: duration(options.olderThan, '--older-than'),
    keepRuns: options.keep,
    graceMs: duration(options.grace, '--grace'),
    staleAttempts: options.staleAttempts,
    unfinishedRuns: options.unfinishedRuns,
    onProgress: (progress) => live?.show(shownProgress(progress)),
  })
  live?.clear()
  const wanted = options.yes === true
  const asks = !wanted && canAsk(context) && plan.actions.length > 0
  if (!wanted) print(plan.report(), context)
  for (const { runId, message } of plan.problems)
    writeErr(`${paint('yellow', 'note:')} kept ${runId}: ${message}\n`)
  if (plan.actions.length === 0) {
    writeErr(`There is nothing to clean up below ${plan.prefix}.\n`)
    return EXIT.ok
  }
  if (!wanted && !asks) {
    writeErr('This was a dry run. Pass --yes to delete the listed data.\n')
    return EXIT.ok
  }
  flush()
  const question = `Delete ${size(plan)} of ${plan.prefix}? This cannot be undone.`
  if (!(await confirmed(question, context, options.yes))) {
    writeErr('Nothing was deleted.\n')
    return EXIT.ok
  }
  const report = await plan.execute()
  live?.clear()
  print(report, context)
  flush()
  for (const { outcome, runId, note } of report.actions)
    if (outcome === 'failed') writeErr(`${paint('red', 'failed:')} ${runId}: ${note}\n`)
  return report.actions.some(({ outcome }) => outcome === 'failed') ? EXIT.failure : EXIT.ok
}

/** A dry run asks for confirmation only on a terminal, and only if the output is a table for people. */
function canAsk({ stdin, stderr, printer }: Context): boolean {
  return stdin.isTerminal && stderr.isTerminal && printer.format === 'table'
}

function size({ objects, bytes }: CleanupPlan): string {
  return `${formatCount(objects)} objects, ${formatBytes(bytes)},`
}

function shownProgress({ phase, done, total }: CleanupProgress) {
  const text = `${phase}: ${formatCount(done)} of ${formatCount(total)}`
  return { phase, lines: () => [text], line: () => text }
}

function duration(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : parseDuration(text, `cleanup: ${option}`)
}

function print(report: CleanupReport, { printer }: Context): void {
  const rows = report.actions.map((action): Record<string, Cell> => {
    const { kind, runId, outcome, objects, objectsDeleted, bytes, reason, note } = action
    return { outcome, kind, runId, objects, objectsDeleted, bytes, reason, note }
  })
  if (printer.format === 'table') return printer.rows(COLUMNS, rows)
  const { prefix, dryRun, current, objects, bytes } = report
  printer.record({
    prefix,
    dryRun,
    current: current?.runId,
    objects,
    bytes,
    actions: rows,
    kept: report.kept.map((kept) => ({ ...kept })),
    problems: report.problems.map(({ runId, message }) => ({ runId, message })),
  })
}
