import { type PublishedSnapshot, type RoutingContext, SnapshotWriter } from '@shardyfusion/core'
import {
  accessor,
  checkedVector,
  describeValue,
  inRecord,
  invalidOption,
  invalidValue,
  isCheckedVector,
  parseOptions,
  requireNames,
  takeRecords,
  type VectorBuild,
  vectorBuild,
  writerOptionNames,
} from '@shardyfusion/core/internal-vector'
import type { InferOutput } from 'valibot'
import { loadKernel } from '../kernel/load-kernel.js'
import { normalize, trainCentroids } from '../kmeans/train-centroids.js'
import { writeNpy } from './npy.js'
import { type WriteVectorsOptions, writeVectorsSchema } from './write-vectors-options.js'
import { clusterRouter, plainRouter, shardCount, type WritingRouter } from './writing-router.js'

const WHERE = 'writeVectors'
const PARTS = ['id', 'vector', 'payload', 'shard', 'context']
/** Options of SnapshotWriter for keys and values, which these snapshots lack. */
const OF_KEYS = new Set(['keyEncoding', 'keyColumn', 'values', 'schema'])
/** Bytes of records that wait in memory for centroids to be trained on them. */
const SAMPLE_BYTES = 256 << 20
/** Points of the training for each cluster; more do not make it better. */
const POINTS_PER_CLUSTER = 256
const ITERATIONS = 15
/** Waiting records between two checks of the clock. */
const RECORDS_PER_REPORT = 1024

type Settings = InferOutput<typeof writeVectorsSchema>

/**
 * Builds a snapshot of vectors without keys and publishes it; `VectorReader` searches it.
 *
 * Shape: records from any iterable or async iterable; each has an id, a vector and optionally a payload. Shards are
 * chosen by vectors (trained or given centroids, LSH), by the record, or by a CEL expression. With trained centroids the
 * first records wait in memory: as many as `sharding.sample`, and at most 256 MiB. Errors: those of SnapshotWriter,
 * with the number of the record; nothing is published then.
 *
 * @example
 * await writeVectors(documents, { prefix, dimensions: 384, sharding: { clusters: 16 }, probes: 4 })
 */
export async function writeVectors<T>(
  records: Iterable<T> | AsyncIterable<T>,
  options: WriteVectorsOptions<T>,
): Promise<PublishedSnapshot> {
  const ofWriter = (await writerOptionNames(WHERE)).filter((name) => !OF_KEYS.has(name))
  const known = [...Object.keys(writeVectorsSchema.entries), ...PARTS, ...ofWriter]
  requireNames(requireObject(options), known, WHERE)
  const { id, vector, payload, shard, context, ...rest } = options
  const { dimensions, metric, sharding, probes, ...writerOptions } = rest
  const settings = parseOptions(writeVectorsSchema, { dimensions, metric, sharding, probes }, WHERE)
  const shards = shardCount(settings.sharding)
  checkProbes(settings)
  const fields = {
    id: accessor<T>(id ?? 'id', 'id', WHERE),
    vector: accessor<T>(vector ?? 'vector', 'vector', WHERE),
    payload: accessor<T>(payload ?? 'payload', 'payload', WHERE),
    shard: accessor<T>(shard ?? 'shard', 'shard', WHERE),
    context: context ?? ((record: T) => record as RoutingContext),
  }
  const writer = await SnapshotWriter.open({
    ...writerOptions,
    sharding: { shards },
    keyEncoding: 'raw',
    keyColumn: '_vector_id',
    vector: { dimensions: settings.dimensions, metric: settings.metric },
  })
  const build = writer[vectorBuild]()
  const run = new VectorRun<T>(build, settings, fields, options.signal)
  try {
    await takeRecords(records, options.signal, (record) => run.add(record))
    await run.finish()
  } catch (error) {
    await writer.close(error).catch(() => {})
    throw inRecord(error, run.index)
  }
  try {
    return await writer.publish()
  } finally {
    await writer.close()
  }
}

interface Fields<T> {
  readonly id: (record: T, index: number) => unknown
  readonly vector: (record: T, index: number) => unknown
  readonly payload: (record: T, index: number) => unknown
  readonly shard: (record: T, index: number) => unknown
  readonly context: (record: T, index: number) => RoutingContext
}

/** One build: waits with the first records until the router is known, then passes records on. */
class VectorRun<T> {
  readonly #build: VectorBuild
  readonly #settings: Settings
  readonly #fields: Fields<T>
  readonly #signal: AbortSignal | undefined
  readonly #sampleSize: number
  #router: WritingRouter | undefined
  #waiting: T[] = []
  #total = 0
  /** The number of the record being written. */
  index = 0

  constructor(build: VectorBuild, settings: Settings, fields: Fields<T>, signal?: AbortSignal) {
    this.#build = build
    this.#settings = settings
    this.#fields = fields
    this.#signal = signal
    const { sharding, dimensions } = settings
    const most = Math.floor(SAMPLE_BYTES / (4 * dimensions))
    this.#sampleSize = 'clusters' in sharding ? Math.min(sharding.sample, most) : 0
  }

  add(record: T): Promise<void> | undefined {
    this.#total++
    if (this.#router !== undefined) return this.#put(record)
    this.#waiting.push(record)
    const { length } = this.#waiting
    if (this.#sampleSize > 0 && length % RECORDS_PER_REPORT === 1) this.#build.train(length)
    return length >= this.#sampleSize ? this.#start() : undefined
  }

  /** Writes records that still wait, the objects that readers need, and the description. */
  async finish(): Promise<void> {
    if (this.#router === undefined) await this.#start()
    const { strategy, artefact, fields } = this.#router!
    const { dimensions, metric, probes } = this.#settings
    const { objects, prefix, runId } = this.#build
    const ref: Record<string, string> = {}
    if (artefact !== undefined) {
      const url = `${prefix}/vector_meta/run_id=${runId}/${artefact.name}`
      await objects.put(url, writeNpy(artefact.matrix), { signal: this.#signal })
      ref[artefact.field] = url
    }
    this.#build.describe({
      dim: dimensions,
      metric,
      num_probes: probes,
      sharding_strategy: strategy,
      total_vectors: this.#total,
      ...ref,
      ...fields,
    })
  }

  async #start(): Promise<void> {
    const { sharding } = this.#settings
    this.#router =
      'clusters' in sharding
        ? await this.#train(sharding)
        : await plainRouter(sharding, this.#settings)
    await takeRecords(this.#waiting.splice(0), this.#signal, (record) => this.#put(record))
  }

  async #train({ clusters, seed }: { clusters: number; seed: number }): Promise<WritingRouter> {
    const { dimensions, metric } = this.#settings
    const found = this.#waiting.length
    if (found < clusters) {
      throw invalidOption(
        WHERE,
        `sharding.clusters must be at most the number of vectors, got ${clusters} for ${found}; lower it, or pass centroids`,
      )
    }
    const step = Math.max(1, found / (clusters * POINTS_PER_CLUSTER))
    const count = Math.floor((found - 1) / step) + 1
    const points = new Float32Array(count * dimensions)
    for (let i = 0; i < count; i++) {
      this.index = Math.floor(i * step)
      const vector = this.#fields.vector(this.#waiting[this.index]!, this.index)
      points.set(this.#numbers(vector), i * dimensions)
    }
    this.index = 0
    const spherical = metric === 'cosine'
    if (spherical) normalize(points, dimensions)
    const training = { dimensions, clusters, spherical, seed, iterations: ITERATIONS }
    const values = await trainCentroids(await loadKernel(), points, {
      ...training,
      signal: this.#signal,
      onStep: () => this.#build.train(found),
    })
    return clusterRouter({ rows: clusters, columns: dimensions, values }, this.#settings)
  }

  /** The record's vector. It is checked here: numbers that are not finite have no nearest centroid. */
  #numbers(vector: unknown): Float32Array {
    return checkedVector(required(vector, 'vector'), this.#settings, WHERE)
  }

  #put(record: T): Promise<void> | undefined {
    const { index } = this
    const fields = this.#fields
    const vector = this.#numbers(fields.vector(record, index))
    const shard = this.#shardOf(record, vector)
    const row = isCheckedVector(record)
      ? record
      : {
          id: required(fields.id(record, index), 'id') as bigint,
          vector,
          payload: fields.payload(record, index),
        }
    const wait = this.#build.put(shard, row)
    if (wait !== undefined) return wait.then(() => void this.index++)
    this.index++
    return undefined
  }

  #shardOf(record: T, vector: Float32Array): number {
    const { byVector, byContext } = this.#router!
    if (byVector !== undefined) return byVector.probe(vector, 1)[0]!
    if (byContext !== undefined) return byContext(this.#fields.context(record, this.index))
    const shard = this.#fields.shard(record, this.index)
    const shards = shardCount(this.#settings.sharding)
    if (Number.isInteger(shard) && (shard as number) >= 0 && (shard as number) < shards)
      return shard as number
    throw invalidValue(
      WHERE,
      `the shard of a record must be from 0 to ${shards - 1}, got ${describeValue(shard)}`,
    )
  }
}

function required(part: unknown, name: 'id' | 'vector'): unknown {
  if (part !== undefined && part !== null) return part
  throw invalidValue(
    WHERE,
    `a record must have the ${name === 'id' ? 'id of its vector' : 'vector'}, got ${String(part)}; the option ${name} is ` +
      `the name of its property ("${name}" by default), or a function`,
  )
}

function checkProbes({ probes, sharding }: Settings): void {
  if (probes === 1 || 'clusters' in sharding || 'centroids' in sharding || 'lsh' in sharding) return
  throw invalidOption(
    WHERE,
    `probes must be 1 unless shards are chosen by vectors (clusters, centroids or lsh), got ${probes}`,
  )
}

function requireObject<O extends object>(options: O): O {
  if (typeof options === 'object' && options !== null) return options
  throw invalidOption(WHERE, `options must be an object, got ${describeValue(options)}`)
}
