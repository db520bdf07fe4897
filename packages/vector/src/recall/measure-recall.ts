import type { HitChunk, VectorId } from '@shardyfusion/core'
import {
  type SessionSnapshot,
  SnapshotSession,
  type VectorQueries,
} from '@shardyfusion/core/extend'
import {
  invalidOption,
  manyQueries,
  parseOptions,
  requireNames,
  sessionOptionsSchema,
  searchShards,
  throwIfAborted,
  vectorFields,
} from '@shardyfusion/core/internal-vector'
import { readVectorSharding, type VectorSharding } from '../snapshot/vector-sharding.js'
import {
  type MeasuredSetting,
  type MeasureRecallOptions,
  measureRecallSchema,
  type RecallReport,
} from './measure-recall-options.js'

const WHERE = 'measureRecall'
const KNOWN = [
  ...Object.keys(measureRecallSchema.entries),
  ...Object.keys(sessionOptionsSchema.entries).filter((name) => name !== 'autoRefresh'),
]
const TRUTH_BATCH = 32
/** The clock of a setting stops after this; the recall is measured on all queries. */
const CLOCK_MS = 1500
const CONCURRENCY = 8

interface Extra {
  readonly fields: NonNullable<ReturnType<typeof vectorFields>>
  readonly sharding: VectorSharding | undefined
}

type Snapshot = SessionSnapshot<Extra>

interface Query {
  readonly values: Float32Array
  /** Set if the query is a stored vector. */
  readonly id: VectorId | undefined
  readonly shard: number
}

interface Setting {
  readonly exact: boolean
  readonly recall?: number | undefined
  readonly probes?: number | undefined
}

/**
 * Measures what searches of a snapshot find of the truly nearest vectors, and how long they take: for the recalls that an
 * index may be asked for, or for numbers of shards if vectors choose these.
 *
 * Errors: those of opening the snapshot; SHARD_INVALID_OPTION if it has no vectors.
 *
 * @example
 * const { settings } = await measureRecall({ prefix: 'file:///data/words', queries: 500 })
 */
export async function measureRecall(options: MeasureRecallOptions): Promise<RecallReport> {
  requireNames(options, KNOWN, WHERE)
  const { queries, topK, recalls, onProgress, signal, ...rest } = options ?? {}
  const own = parseOptions(measureRecallSchema, { queries, topK, recalls, onProgress }, WHERE)
  throwIfAborted(signal)
  const session = await SnapshotSession.open<Extra>(
    { ...rest, ...(signal !== undefined && { signal }) },
    {
      name: WHERE,
      attach: async (manifest, _engine, place) => {
        const fields = vectorFields(manifest, WHERE)
        if (fields === undefined)
          throw invalidOption(WHERE, `run "${manifest.runId}" has no vectors to search for`)
        const sharding = fields.unified ? undefined : await readVectorSharding(manifest, place)
        return { fields, sharding }
      },
    },
  )
  try {
    return await session.use((state) => measure(state, own, signal), WHERE)
  } finally {
    await session.close()
  }
}

type Own = ReturnType<typeof parseOptions<typeof measureRecallSchema>>

async function measure(
  state: Snapshot,
  { queries, topK, recalls, onProgress }: Own,
  signal: AbortSignal | undefined,
): Promise<RecallReport> {
  const { manifest, extra } = state
  const { fields } = extra
  const { count, indexes } = await factsOf(state)
  const sampled = typeof queries === 'number'
  const asked = sampled ? await sample(state, queries) : given(manyQueries(queries, fields, WHERE))
  if (asked.length === 0) throw invalidOption(WHERE, 'there are no vectors to search for')
  const wanted = settingsOf(state, indexes, recalls)
  const truth = await truthOf(state, asked, topK, signal)
  const settings: MeasuredSetting[] = []
  for (const setting of wanted) {
    settings.push(await measureOne(state, asked, truth, setting, topK, signal))
    onProgress?.({ settings: settings.length, of: wanted.length })
  }
  return {
    runId: manifest.runId,
    vectors: count,
    dimensions: fields.dimensions,
    metric: fields.metric,
    indexes,
    queries: asked.length,
    topK,
    sampled,
    settings,
  }
}

/**
 * Shards chosen by vectors are compared by their number, others by what their index is asked for, if they have one.
 */
function settingsOf(
  { manifest, extra }: Snapshot,
  indexes: readonly string[],
  recalls: readonly number[],
): Setting[] {
  const exact: Setting = { exact: true }
  if (extra.sharding?.byVector === undefined && indexes.every((index) => index === 'exact'))
    return [exact]
  if (extra.sharding?.byVector === undefined)
    return [...recalls.map((recall) => ({ exact: false, recall })), exact]
  const numbers: number[] = []
  for (let probes = 1; probes < manifest.shards; probes *= 2) numbers.push(probes)
  return [...numbers.map((probes) => ({ exact: false, probes })), exact]
}

async function factsOf(state: Snapshot): Promise<{ count: number; indexes: string[] }> {
  let count = 0
  const indexes = new Set<string>()
  for (const { id, url } of state.manifest.entries) {
    if (url === undefined) continue
    const facts = await state.use(
      id,
      (reader) => reader.vectorFacts?.() ?? Promise.resolve(undefined),
    )
    count += facts?.count ?? 0
    if (facts !== undefined) indexes.add(facts.index)
  }
  return { count, indexes: [...indexes].sort() }
}

/** Stored vectors, from each shard in proportion to its rows. */
async function sample(state: Snapshot, wanted: number): Promise<Query[]> {
  const shards = state.manifest.entries.filter(({ url }) => url !== undefined)
  const rows = shards.reduce((sum, { rowCount }) => sum + rowCount, 0)
  const found: Query[] = []
  for (const { id: shard, rowCount } of shards) {
    const share = Math.max(1, Math.round((wanted * rowCount) / Math.max(1, rows)))
    const { ids, vectors } = await state.use(shard, (reader) => {
      if (reader.sampleVectors !== undefined) return reader.sampleVectors(share)
      throw invalidOption(
        WHERE,
        `engine "${state.engine.name}" gives no stored vectors; pass queries, a list of vectors`,
      )
    })
    for (const [i, values] of vectors.entries()) found.push({ values, id: ids[i]!, shard })
  }
  return found.slice(0, wanted)
}

function given({ values, count, dimensions }: VectorQueries): Query[] {
  return Array.from({ length: count }, (_, q) => ({
    values: values.subarray(q * dimensions, (q + 1) * dimensions),
    id: undefined,
    shard: -1,
  }))
}

/** A hit by which results are compared. */
function nameOf(shard: number, id: VectorId): string {
  return `${shard} ${typeof id} ${id}`
}

/** The hits of query `q`, without the query itself. */
function namesOf(hits: HitChunk, q: number, query: Query, topK: number): string[] {
  const own = query.id === undefined ? undefined : nameOf(query.shard, query.id)
  const names: string[] = []
  for (let i = hits.start(q); i < hits.end(q); i++) {
    const name = nameOf(hits.shards[i]!, hits.id(i))
    if (name !== own) names.push(name)
  }
  return names.slice(0, topK)
}

async function truthOf(
  state: Snapshot,
  queries: readonly Query[],
  topK: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>[]> {
  const truth: ReadonlySet<string>[] = []
  for (let at = 0; at < queries.length; at += TRUTH_BATCH) {
    const batch = queries.slice(at, at + TRUTH_BATCH)
    const { hits } = await searchAs(state, batch, { exact: true }, topK, signal)
    for (const [q, query] of batch.entries()) truth.push(new Set(namesOf(hits, q, query, topK)))
  }
  return truth
}

async function measureOne(
  state: Snapshot,
  queries: readonly Query[],
  truth: readonly ReadonlySet<string>[],
  setting: Setting,
  topK: number,
  signal: AbortSignal | undefined,
): Promise<MeasuredSetting> {
  // The first search reads what later ones find in memory.
  await searchAs(state, [queries[0]!], setting, topK, signal)
  const durations: number[] = []
  let [hits, wanted, shards, clock] = [0, 0, 0, 0]
  for (const [q, query] of queries.entries()) {
    // Once the clock has stopped, the truth is not computed a second time.
    if (setting.exact && clock > CLOCK_MS) break
    const startedAt = performance.now()
    const found = await searchAs(state, [query], setting, topK, signal)
    const ms = performance.now() - startedAt
    if (clock <= CLOCK_MS) durations.push(ms)
    clock += ms
    shards += found.shardsQueried
    wanted += truth[q]!.size
    for (const name of namesOf(found.hits, 0, query, topK)) if (truth[q]!.has(name)) hits++
  }
  durations.sort((a, b) => a - b)
  const measured = setting.exact ? durations.length : queries.length
  return {
    exact: setting.exact,
    recall: setting.recall,
    probes: setting.probes,
    found: wanted === 0 ? 1 : hits / wanted,
    msPerQuery: durations[Math.floor(durations.length / 2)]!,
    shardsPerQuery: shards / measured,
  }
}

function searchAs(
  state: Snapshot,
  queries: readonly Query[],
  { exact, recall, probes }: Setting,
  topK: number,
  signal: AbortSignal | undefined,
): ReturnType<typeof searchShards> {
  const { manifest, extra } = state
  const { dimensions } = extra.fields
  const values = new Float32Array(queries.length * dimensions)
  for (const [i, query] of queries.entries()) values.set(query.values, i * dimensions)
  const shards = manifest.entries.map(({ id }) => id)
  const byVector = probes === undefined ? undefined : extra.sharding?.byVector
  const routes = byVector && queries.map((query) => byVector.probe(query.values, probes!))
  const asked = { values, count: queries.length, dimensions }
  // One more: a stored vector finds itself first.
  const search = { topK: topK + 1, exact, recall, signal }
  return searchShards(state, asked, WHERE, search, { shards, routes, concurrency: CONCURRENCY })
}
