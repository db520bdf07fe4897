import type { Key, SearchResult, SnapshotSearchOptions } from '@shardyfusion/core'
import type { SearchCallOptions, SnapshotReaderSync } from '@shardyfusion/sync'
import type { VectorReaderSync } from '@shardyfusion/sync/vector'
import { cellText } from '../output/csv-text.js'
import type { Cell } from '../output/json-text.js'
import type { Column } from '../output/printer.js'
import { formatFor, renderValue } from '../output/render-bytes.js'
import { formatCount, formatMs } from '../output/units.js'
import { readQueries } from '../search/read-queries.js'
import type { Context } from '../session/context.js'
import { parseKey } from '../session/keys.js'
import { parseRoutingContext } from '../session/routing-context.js'
import { EXIT } from '../util/exit-codes.js'
import { UsageError } from '../util/usage-error.js'
import type { Call } from './command.js'

interface Options {
  readonly like?: readonly string[]
  readonly vectorFile?: string
  readonly topK?: number
  readonly where?: string
  readonly maxDistance?: string
  readonly recall?: string
  readonly exact?: true
  readonly probes?: string
  readonly withValues?: true
  readonly context?: string[]
}

export async function run({ context, args, options }: Call<Options>): Promise<number> {
  const { like = [], vectorFile } = options
  if (like.length > 0 && (args.length > 0 || vectorFile !== undefined))
    throw new UsageError('search: pass vectors or --like, not both')
  if (
    args.length === 0 &&
    like.length === 0 &&
    vectorFile === undefined &&
    context.stdin.isTerminal
  )
    throw new UsageError(
      'search: expected a vector, got none; pass one such as [0.1, 0.2], --like <key>, --vector-file, or pipe vectors to ' +
        'stdin, one for each line',
    )
  const searcher = await context.session.searcher()
  const results =
    like.length > 0
      ? searchLike(searcher, like, options, context)
      : await searchFor(searcher, args, options)
  const valuesAs = formatFor(context.valuesAs, searcher.info().valueCodec)
  print(results, options, { ...context, valuesAs })
  return results.some((result) => result.results.length > 0) ? EXIT.ok : EXIT.finding
}

async function searchFor(
  searcher: SnapshotReaderSync | VectorReaderSync,
  args: readonly string[],
  options: Options,
): Promise<SearchResult[]> {
  const queries = await readQueries(args, options, 'search')
  if ('route' in searcher) {
    if (options.withValues === true)
      throw new UsageError('search: --with-values needs rows with keys; these vectors have none')
    return searcher.searchMany(queries, {
      ...searchOptions(options),
      probes: probesOf(options.probes),
    })
  }
  if (options.probes !== undefined)
    throw new UsageError(
      'search: --probes is for snapshots of vectors without keys; pass --recall, the share to find',
    )
  return searcher.searchMany(queries, withValues(options))
}

function searchLike(
  searcher: SnapshotReaderSync | VectorReaderSync,
  like: readonly string[],
  options: Options,
  { keysAs }: Context,
): SearchResult[] {
  if ('route' in searcher)
    throw new UsageError('search: --like needs rows with keys; these vectors have none')
  return like.map((text) => {
    const key: Key = parseKey(text, searcher.keyEncoding, keysAs)
    return searcher.searchLike(key, withValues(options))
  })
}

function withValues(options: Options): SearchCallOptions<SnapshotSearchOptions> {
  return { ...searchOptions(options), withValues: options.withValues === true }
}

function searchOptions(
  options: Options,
): SearchCallOptions<Omit<SnapshotSearchOptions, 'withValues'>> {
  const { topK, where, exact } = options
  return {
    topK,
    where,
    exact,
    maxDistance: numberOf(options.maxDistance, '--max-distance', 'a number'),
    recall: numberOf(options.recall, '--recall', 'a number above 0, up to 1'),
    context: parseRoutingContext(options.context),
  }
}

function numberOf(text: string | undefined, flag: string, wanted: string): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? NaN : Number(text)
  if (!Number.isNaN(value)) return value
  throw new UsageError(`search: ${flag} must be ${wanted}, got ${JSON.stringify(text)}`)
}

function probesOf(text: string | undefined): number | 'all' | undefined {
  if (text === undefined || text === 'all') return text
  const value = numberOf(text, '--probes', 'a number of shards, or all')!
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new UsageError(
    `search: --probes must be a number of shards, or all, got ${JSON.stringify(text)}`,
  )
}

/** Six digits tell neighbours apart, and fit the table. */
function shownScore(score: Cell): string {
  return typeof score === 'number' ? score.toFixed(6) : cellText(score)
}

function columnsFor(isMany: boolean, hasPayload: boolean, hasValue: boolean): Column[] {
  return [
    { name: 'query', align: 'right', ...(!isMany && { inTable: false as const }) },
    { name: 'id', align: 'right' },
    { name: 'score', title: 'distance', align: 'right', show: shownScore },
    { name: 'shard', align: 'right' },
    { name: 'payload', ...(!hasPayload && { inTable: false as const }) },
    ...(hasValue ? [{ name: 'value' }] : []),
  ]
}

function print(
  results: readonly SearchResult[],
  options: Options,
  context: Pick<Context, 'printer' | 'valuesAs' | 'stderr' | 'paint' | 'writeErr'>,
): void {
  const { printer, valuesAs } = context
  const names = options.like
  const hasPayload = results.some(({ results: hits }) =>
    hits.some(({ payload }) => payload !== undefined),
  )
  const list = printer.list(columnsFor(results.length > 1, hasPayload, options.withValues === true))
  for (const [q, { results: hits }] of results.entries()) {
    for (const { id, score, shard, payload, value } of hits) {
      list.row({
        query: names === undefined ? q : names[q]!,
        id,
        score,
        shard,
        payload: payload as Cell,
        ...(options.withValues === true && {
          value: value === undefined ? undefined : renderValue(value as Uint8Array, valuesAs),
        }),
      })
    }
  }
  list.end()
  const [first] = results
  if (first === undefined || !context.stderr.isTerminal) return
  const count = results.reduce((sum, { results: hits }) => sum + hits.length, 0)
  const ms = names === undefined ? first.durationMs : results.reduce((s, r) => s + r.durationMs, 0)
  context.writeErr(
    `${context.paint('dim', `${formatCount(count)} found, ${formatCount(first.shardsQueried)} shards searched in ${formatMs(ms)}`)}\n`,
  )
}
