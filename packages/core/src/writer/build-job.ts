import type { EngineWriter, ShardEngine } from '../engine/engine.js'
import { type Environment, resolveEnvironment } from '../engine/environment.js'
import { openEngineWriter } from '../engine/open-engine.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import type { ObjectStore } from '../objects/object-store.js'
import { openObjectStore } from '../objects/open-store.js'
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
  readonly objects: ObjectStore
  readonly engine: ShardEngine
  readonly env: Environment | undefined
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
  const env = resolveEnvironment(o, where)
  const objects = o.objects ?? (await openObjectStore(prefix))
  const router = await openRouter(layout.spec, layout.shards ?? MAX_SHARDS, { writing: true })
  // A run id of the caller's may have been used before, by a build that died.
  const attempt =
    o.runId === undefined ? 0 : await nextAttempt(objects, prefix, SHARD_PREFIX, runId, o.signal)
  throwIfAborted(o.signal)
  return { prefix, runId, attempt, objects, engine, env, layout, router, options: o }
}

/** Where a build puts a shard (wire-format §1.4). */
export function jobShardUrl({ prefix, runId, attempt }: BuildJob, dbId: number): string {
  const dbPathTemplate = DB_PATH_TEMPLATE
  return shardUrl({ prefix, shardPrefix: SHARD_PREFIX, runId, dbPathTemplate, dbId, attempt })
}

/** Opens the engine of one shard, with its share of the memory. */
export function openJobShard(job: BuildJob, shard: number): Promise<EngineWriter> {
  const { engine, objects, env, options, layout } = job
  const { settings, openTimeoutMs } = options
  const url = jobShardUrl(job, shard)
  const memoryBytes = Math.floor(options.memoryBytes / (layout.shards ?? ASSUMED_SHARDS))
  // No signal: an open that was given up would go on writing behind a clean-up that has removed its files.
  return openEngineWriter(
    engine,
    { url, objects, env, settings, memoryBytes, openTimeoutMs },
    'SnapshotWriter',
  )
}
