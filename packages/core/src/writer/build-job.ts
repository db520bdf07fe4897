import type { EngineWriter, ShardEngine } from '../engine/engine.js'
import { openEngineWriter } from '../engine/open-engine.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import type { ObjectStore } from '../objects/object-store.js'
import { openStorage, type Storage } from '../objects/open-storage.js'
import { shardUrl, validatePrefix, validateRunId } from '../objects/urls.js'
import {
  parseOptions,
  type SnapshotWriterOptions,
  snapshotWriterOptionsSchema,
} from '../options.js'
import { MAX_SHARDS, openRouter, type ShardRouter } from '../routing/shard-router.js'
import { throwIfAborted } from '../util/abort.js'
import { newOpaqueId } from '../util/opaque-id.js'
import { checkCustom } from './check-custom.js'
import { nextAttempt } from './next-attempt.js'
import { ShardAttempts } from './shard-attempts.js'
import { shardLayout, type ShardLayout } from './shard-layout.js'

/** Names of the default layout (wire-format §1.1). */
export const SHARD_PREFIX = 'shards'
export const DB_PATH_TEMPLATE = 'db={db_id:05d}'

/** Shards assumed for sharing out memory while a CEL expression has not shown how many it makes. */
const ASSUMED_SHARDS = 8

/** What a build works with, from its options: checked, resolved and fixed. */
export interface BuildJob {
  readonly prefix: string
  readonly runId: string
  readonly attempt: number
  readonly storage: Storage
  /** The store of `storage`. */
  readonly objects: ObjectStore
  readonly engine: ShardEngine
  readonly layout: ShardLayout
  readonly router: ShardRouter
  readonly options: ParsedWriterOptions
}

type ParsedWriterOptions = ReturnType<typeof parseWriterOptions>

function parseWriterOptions(options: SnapshotWriterOptions, where: string) {
  return parseOptions(snapshotWriterOptionsSchema, options, where)
}

export async function openBuildJob(
  options: SnapshotWriterOptions,
  where: string,
): Promise<BuildJob> {
  const o = parseWriterOptions(options, where)
  const prefix = validatePrefix(o.prefix, where)
  const layout = shardLayout(o.sharding, where)
  const runId = o.runId === undefined ? newOpaqueId() : validateRunId(o.runId, where)
  throwIfAborted(o.signal)
  const engine = await resolveEngine(o.engine, where)
  checkCustom(o.custom, where)
  engine.checkSettings?.(o.settings, where)
  const router = await openRouter(layout.spec, layout.shards ?? MAX_SHARDS, { writing: true })
  const storage = await openStorage(prefix, o, where)
  const { objects } = storage
  try {
    // A run id of the caller's may have been used before, by a build that died.
    const attempt =
      o.runId === undefined ? 0 : await nextAttempt(objects, prefix, SHARD_PREFIX, runId, o.signal)
    throwIfAborted(o.signal)
    return { prefix, runId, attempt, storage, objects, engine, layout, router, options: o }
  } catch (error) {
    await storage.close()
    throw error
  }
}

/** The attempts of a build at one shard (wire-format §1.4). */
export function jobAttempts(job: BuildJob, shard: number): ShardAttempts {
  const { prefix, runId } = job
  const layout = { prefix, shardPrefix: SHARD_PREFIX, runId, dbPathTemplate: DB_PATH_TEMPLATE }
  return new ShardAttempts({
    shard,
    firstAttempt: job.attempt,
    urlOf: (attempt) => shardUrl({ ...layout, dbId: shard, attempt }),
    openWriter: (url) => openJobWriter(job, url),
  })
}

/** Opens the engine of one shard, with its share of the memory. */
async function openJobWriter(job: BuildJob, url: string): Promise<EngineWriter> {
  const { engine, objects, options, layout } = job
  const { settings, openTimeoutMs } = options
  const env = await job.storage.engineEnvironment(url)
  const memoryBytes = Math.floor(options.memoryBytes / (layout.shards ?? ASSUMED_SHARDS))
  // No signal: an open that was given up would go on writing behind a clean-up that has removed its files.
  return openEngineWriter(
    engine,
    { url, objects, env, settings, memoryBytes, openTimeoutMs },
    'SnapshotWriter',
  )
}
