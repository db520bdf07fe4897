import { type Difference, mergeDiff } from '../diff/merge-diff.js'
import { cellText } from '../output/csv-text.js'
import type { Cell } from '../output/json-text.js'
import { AtomicFile } from '../output/atomic-file.js'
import { filePrinter } from '../output/file-printer.js'
import type { Column } from '../output/printer.js'
import { renderValue } from '../output/render-bytes.js'
import type { Style } from '../output/style.js'
import { formatCount } from '../output/units.js'
import type { Context } from '../session/context.js'
import { renderKey } from '../session/keys.js'
import { EXIT } from '../util/exit-codes.js'
import { Failure } from '../util/usage-error.js'
import type { Call } from './command.js'

interface Options {
  readonly summary?: true
  readonly withValues?: true
  readonly limit?: number
  readonly output?: string
}

const STYLES: Readonly<Record<string, Style>> = {
  added: 'green',
  removed: 'red',
  changed: 'yellow',
}
const MARKS: Readonly<Record<string, string>> = { added: '+', removed: '-', changed: '~' }

export async function run({ context, args, options }: Call<Options>): Promise<number> {
  const { session } = context
  session.requireCurrent('diff')
  const [from = '', to] = args
  const before = await session.open(from)
  const after = await session.open(to)
  const file = options.output === undefined ? undefined : new AtomicFile(options.output)
  try {
    if (before.keyEncoding !== after.keyEncoding) {
      throw new Failure(
        `diff: both runs must have the same key encoding, got ${before.keyEncoding} and ${after.keyEncoding}`,
      )
    }
    const printer = file === undefined ? context.printer : filePrinter(file, context.chosenFormat)
    const list = options.summary === true ? undefined : printer.list(columns(options))
    const counts = { added: 0, removed: 0, changed: 0, same: 0 }
    const limit = options.limit ?? Number.POSITIVE_INFINITY
    let shown = 0
    for (const found of mergeDiff(before.scanIter(), after.scanIter())) {
      if (found === 'same') {
        counts.same++
        continue
      }
      counts[found.change]++
      list?.row(rowOf(found, before.keyEncoding, context, options))
      if (++shown >= limit) break
    }
    list?.end()
    file?.commit()
    summarize(counts, shown >= limit, context, options)
    return shown === 0 ? EXIT.ok : EXIT.finding
  } finally {
    file?.close()
    before.close()
    after.close()
  }
}

function columns({ withValues }: Options): readonly Column[] {
  const change: Column = {
    name: 'change',
    title: '',
    show: (name) => MARKS[cellText(name)]!,
    style: (name) => STYLES[cellText(name)],
  }
  const key: Column = { name: 'key' }
  return withValues === true ? [change, key, { name: 'before' }, { name: 'after' }] : [change, key]
}

function rowOf(
  { change, key, before, after }: Difference,
  encoding: Parameters<typeof renderKey>[1],
  { keysAs, valuesAs }: Context,
  { withValues }: Options,
): Record<string, Cell> {
  const row = { change, key: renderKey(key, encoding, keysAs) }
  if (withValues !== true) return row
  return {
    ...row,
    before: before === undefined ? undefined : renderValue(before, valuesAs),
    after: after === undefined ? undefined : renderValue(after, valuesAs),
  }
}

/** Prints the counts: to stdout with `--summary`, else to stderr. */
function summarize(
  counts: { added: number; removed: number; changed: number; same: number },
  stopped: boolean,
  { printer, writeErr, flush, paint }: Context,
  { summary }: Options,
): void {
  const text = `${formatCount(counts.added)} added, ${formatCount(counts.removed)} removed, ${formatCount(counts.changed)} changed, ${formatCount(counts.same)} unchanged`
  if (summary === true) return printer.record(counts, () => `${text}\n`)
  flush()
  writeErr(paint('dim', `${text}${stopped ? ', stopped at --limit' : ''}\n`))
}
