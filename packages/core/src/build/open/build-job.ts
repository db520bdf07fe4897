import type { BufferPool } from '../../chunk/buffer-pool.js'
import type { EngineWriter, EngineWriterOptions, ShardEngine } from '../../engine/engine.js'
import { openEngineWriter } from '../../engine/open-engine.js'
import type { ShardyfusionError } from '../../errors.js'
import { invalidOption } from '../../errors/error-factories.js'
import { openCatalog, type OpenCatalog } from '../../snapshot/catalog/open-catalog.js'
import type { ObjectStore } from '../../store/object-store.js'
import { DB_PATH_TEMPLATE, SHARDS } from '../../snapshot/layout.js'
import { openStorage, type Storage } from '../../store/open-storage.js'
import { shardUrl, validatePrefix, validateRunId, withFileAuthority } from '../../store/urls.js'
import type { BuildWarning } from '../build-progress.js'
import {
  type SnapshotWriterOptions,
  snapshotWriterOptionsSchema,
} from '../snapshot-writer-options.js'
import { parseOptions } from '../../options/parse-options.js'
import { MAX_SHARDS } from '../../routing/max-shards.js'
import { openRouter } from '../../routing/open-router.js'
import type { ShardRouter } from '../../routing/shard-router.js'
import { throwIfAborted } from '../../async/abort.js'
import { closeOnce, runAll } from '../../async/close-once.js'
import { emit } from '../../diagnostics/events.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import { claimAttempt } from '../shard/attempt-marks.js'
import type { BatchRoom } from '../rows/batch-room.js'
import { checkCustom } from './check-custom.js'
import { earlierManifest, type PublishedRun } from './earlier-manifest.js'
import { limitWriter, type WriteLimits, writeLimits } from '../shard/limited-writer.js'
import { scratchFiles } from '#node/build/rows/scratch-file'
import { openBuildEngine } from './open-build-engine.js'
import { type RunRemains, scanRun } from './scan-run.js'
import { ShardAttempts } from '../shard/shard-attempts.js'
import { infersValues } from './infer-sharding.js'
import { shardLayout, type ShardLayout } from './shard-layout.js'
import { shareMemory, type WriterMemory } from './share-memory.js'
import { requireVectorEngine } from '../vector-option.js'
import { vectorEngine } from '../../engine/choose-engine.js'
import type { VectorSettings } from '../../engine/vector-engine.js'

/** Number of shards assumed for sharing memory, until a CEL expression has determined it. */
const ASSUMED_SHARDS = 8

/** The checked and resolved options and resources of a build. */
export interface BuildJob {
  readonly prefix: string
  readonly runId: string
  readonly storage: Storage
  readonly catalog: OpenCatalog
  /** The store of `storage`. */
  readonly objects: ObjectStore
  readonly engine: ShardEngine
  /** Buffers of batches that are written. */
  readonly buffers: BufferPool | undefined
  /** Set if other threads write: bounds the batches that wait for them. */
  readonly room: BatchRoom | undefined
  readonly layout: ShardLayout
  /** Set if rows may have vectors. */
  readonly vectors: VectorSettings | undefined
  readonly router: ShardRouter
  readonly options: ParsedWriterOptions
  /** Number of shards written at the same time. */
  readonly concurrency: number
  /** Memory for the engine of one shard. */
  readonly memory: WriterMemory
  readonly limits: WriteLimits | undefined
  /** Data of earlier builds, if a run id was given. */
  readonly remains: RunRemains
  /** This run, if it is already published and only resumed. */
  readonly published: PublishedRun | undefined
  /** Returns the URL of an attempt at a shard (wire-format §1.4). */
  attemptUrl(shard: number, attempt: number): string
  /** Reports a problem that does not end the build. */
  warn(message: string, error?: unknown): void
  /** Closes all writers, then storage; idempotent. */
  close(): Promise<void>
}

type ParsedWriterOptions = ReturnType<typeof parseWriterOptions>

function parseWriterOptions(options: SnapshotWriterOptions, where: string) {
  const parsed = parseOptions(snapshotWriterOptionsSchema, options, where)
  return { ...parsed, prefix: withFileAuthority(parsed.prefix) }
}

/** A run id that has no data yet. */
const NEW_RUN: RunRemains = { sealed: [], nextAttempt: 0 }

/** One task of a build with a checked plan: it accesses only its own shard. */
export interface BuildTask {
  readonly firstAttempt: number
}

export async function openBuildJob(
  options: SnapshotWriterOptions,
  where: string,
  task?: BuildTask,
): Promise<BuildJob> {
  const o = parseWriterOptions(options, where)
  const prefix = validatePrefix(o.prefix, where)
  const layout = shardLayout(o.sharding, where)
  const given = o.runId !== undefined && task === undefined
  if (o.resume && !given) throw resumesNothing(where)
  const runId = o.runId === undefined ? newOpaqueId() : validateRunId(o.runId, where)
  throwIfAborted(o.signal)
  checkCustom(o.custom, where)
  const router = await openRouter(layout.spec, layout.shards ?? MAX_SHARDS, { writing: true })
  const vectors: VectorSettings | undefined = o.vector
  if (vectors !== undefined) checkVectorBuild(o, where)
  const engineChoice = o.engine ?? (vectors && (await vectorEngine(where)))
  const most = layout.shards ?? MAX_SHARDS
  const build = await openBuildEngine(prefix, { ...o, engine: engineChoice }, most, where)
  const opened: (() => Promise<void>)[] = [build.close]
  const close = closeOnce(() => runAll(opened, where))
  try {
    const { engine } = build
    if (vectors !== undefined) requireVectorEngine(engine, vectors, where)
    const storage = await openStorage(prefix, o, where)
    opened.push(storage.close)
    const { objects } = storage
    const { signal, resume } = o
    const catalog = openCatalog(o.catalog, objects, prefix, where)
    const published = given
      ? await earlierManifest(catalog.manifests, { prefix, runId, resume }, { signal })
      : undefined
    const run = { prefix, shardPrefix: SHARDS, runId }
    const remains = given
      ? await scanRun(objects, run, { signal })
      : { ...NEW_RUN, nextAttempt: task?.firstAttempt ?? 0 }
    throwIfAborted(signal)
    const concurrency = o.concurrency ?? build.concurrency
    const shards = task === undefined ? (layout.shards ?? ASSUMED_SHARDS) : 1
    return {
      prefix,
      runId,
      storage,
      catalog,
      objects,
      engine,
      buffers: build.buffers,
      room: build.room,
      layout,
      vectors,
      router,
      options: o,
      concurrency,
      memory: shareMemory(o.memoryBytes, shards),
      limits: writeLimits(o.rateLimit),
      remains,
      published,
      attemptUrl: (dbId, attempt) =>
        shardUrl({ ...run, dbPathTemplate: DB_PATH_TEMPLATE, dbId, attempt }),
      warn: (message, error) => {
        emit('warning', () => ({ prefix, runId, message, error }))
        warn(o.onWarning, { message, error })
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** The attempts of a build at one shard. */
export function jobAttempts(job: BuildJob, shard: number): ShardAttempts {
  const { objects, options, prefix } = job
  const { signal } = options
  return new ShardAttempts({
    shard,
    firstAttempt: job.remains.nextAttempt,
    urlOf: (attempt) => job.attemptUrl(shard, attempt),
    // Two builds share a run id only if it was given to both.
    claim: (url) =>
      options.runId === undefined ? Promise.resolve(true) : claimAttempt(objects, url, { signal }),
    openWriter: async (url) =>
      limitWriter(await openJobWriter(job, url), job.limits, { signal, prefix }),
  })
}

/** Opens the engine of one shard, with its share of the memory. */
async function openJobWriter(job: BuildJob, url: string): Promise<EngineWriter> {
  return openEngineWriter(job.engine, await writerOptions(job, url), 'SnapshotWriter')
}

/** Returns the options of the engine for one shard. */
export async function writerOptions(job: BuildJob, url: string): Promise<EngineWriterOptions> {
  const { objects, options, vectors, memory } = job
  const { openTimeoutMs, spoolDirectory } = options
  const openScratch = scratchFiles(spoolDirectory)
  const env = await job.storage.engineEnvironment(url)
  // Without the signal: an abandoned open could still write after a clean-up has removed its files.
  return { url, objects, env, ...memory, openScratch, openTimeoutMs, vectors }
}

function checkVectorBuild({ sharding, custom }: ParsedWriterOptions, where: string): void {
  if (infersValues(sharding)) {
    throw invalidOption(
      where,
      "vectors need the values of the shards, got sharding.values: 'infer'; list them",
    )
  }
  if ('vector' in custom) {
    throw invalidOption(
      where,
      'custom must not have a field vector in a snapshot with vectors, which describes them; rename your field',
      { details: { field: 'vector' } },
    )
  }
}

function resumesNothing(where: string): ShardyfusionError {
  return invalidOption(
    where,
    'resume needs the runId of the build to continue (or to start, if it does not exist)',
  )
}

function warn(hook: ((warning: BuildWarning) => void) | undefined, warning: BuildWarning): void {
  try {
    hook?.(warning)
  } catch {
    // A throwing callback must not fail the build.
  }
}
