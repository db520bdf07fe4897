import type { MeasuredSetting, RecallReport } from '@shardyfusion/vector'
import { cacheOptions } from '../config/open-options.js'
import type { Column } from '../output/printer.js'
import { formatCount, formatMs } from '../output/units.js'
import { readQueries } from '../search/read-queries.js'
import type { Context } from '../session/context.js'
import { loadVectorPackage } from '../session/library.js'
import { LiveLines } from '../terminal/live-lines.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

interface Options {
  readonly queries?: number
  readonly vectorFile?: string
  readonly topK?: number
  readonly progress: boolean
}

/** The recall that searches ask for by default. */
const GOOD = 0.95

export async function run({ context, options }: Call<Options>): Promise<number> {
  const { session, settings } = context
  const { measureRecall } = await loadVectorPackage()
  const { vectorFile } = options
  const queries =
    vectorFile === undefined ? options.queries : await readQueries([], { vectorFile }, 'recall')
  const pinned = await session.pinned()
  const live = options.progress ? new LiveLines(context, 'measuring') : undefined
  const report = await measureRecall({
    ...session.options,
    ...(pinned === undefined ? {} : { manifestRef: pinned.ref }),
    cache: cacheOptions(settings),
    shardUrls: settings.text('shard-urls') as 'below' | 'any' | 'rebase' | undefined,
    queries,
    topK: options.topK,
    onProgress: ({ settings: done, of }) => {
      const text = `measuring: ${done} of ${of} settings`
      live?.show({ phase: 'measuring', lines: () => [text], line: () => text })
    },
  })
  live?.clear()
  print(report, context)
  return EXIT.ok
}

function print(report: RecallReport, context: Context): void {
  const { printer } = context
  const { settings, ...facts } = report
  const exact = settings.find(({ exact: isExact }) => isExact)!
  const rows = settings.map((setting) => ({
    search: nameOf(setting),
    found: setting.found,
    msPerQuery: setting.msPerQuery,
    speed: exact.msPerQuery / setting.msPerQuery,
    shards: setting.shardsPerQuery,
  }))
  if (printer.format === 'json') {
    printer.record({ ...facts, settings: rows })
    return
  }
  if (printer.format !== 'table') {
    printer.rows(COLUMNS, rows)
    return
  }
  printer.write(
    printer.facts({
      run: report.runId,
      vectors: `${formatCount(report.vectors)} of ${report.dimensions} dimensions, ${report.metric}`,
      index: report.indexes.join(', '),
      queries: `${formatCount(report.queries)} ${report.sampled ? 'stored vectors, each without itself' : 'given vectors'}, top ${report.topK}`,
    }),
  )
  printer.line()
  printer.rows(COLUMNS, rows)
  printer.line()
  printer.line(advice(report, exact))
}

const COLUMNS: readonly Column[] = [
  { name: 'search' },
  { name: 'found', align: 'right', show: (share) => `${(100 * Number(share)).toFixed(1)} %` },
  {
    name: 'msPerQuery',
    title: 'time a query',
    align: 'right',
    show: (ms) => formatMs(Number(ms)),
  },
  {
    name: 'speed',
    title: 'speed',
    align: 'right',
    show: (factor) => `${Number(factor).toFixed(1)} ×`,
  },
  { name: 'shards', align: 'right', show: (n) => Number(n).toFixed(1) },
]

function nameOf({ exact, recall, probes }: MeasuredSetting): string {
  if (exact) return 'exact'
  return probes === undefined ? `recall ${recall}` : `probes ${probes}`
}

/** The fastest setting that finds enough, in words for a program. */
function advice({ settings, indexes }: RecallReport, exact: MeasuredSetting): string {
  if (indexes.every((index) => index === 'exact') && settings.every((s) => s.probes === undefined))
    return 'No shard has an index: every search is exact, whatever recall it asks for.'
  const good = settings.filter(({ found, exact: isExact }) => !isExact && found >= GOOD)
  const [best] = good.sort((a, b) => a.msPerQuery - b.msPerQuery)
  if (best === undefined || best.msPerQuery >= exact.msPerQuery)
    return `No setting finds ${100 * GOOD} % faster than exact search does: pass exact: true (--exact).`
  const option =
    best.probes === undefined
      ? `recall: ${best.recall} (--recall ${best.recall})`
      : `probes: ${best.probes} (--probes ${best.probes})`
  return `The fastest that finds ${100 * GOOD} %: ${option}, ${(exact.msPerQuery / best.msPerQuery).toFixed(1)} times as fast as exact search.`
}
