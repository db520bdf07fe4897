import { DB_PATH_TEMPLATE, SHARDS } from '../../snapshot/layout.js'
import { portableOrigin } from '../../engine/choose-engine.js'
import { requireEngineOrigin } from '../../engine/engine-origin.js'
import type { ShardyfusionError } from '../../errors.js'
import { invalidOption } from '../../errors/error-factories.js'
import { requireCatalogOrigin } from '../../snapshot/catalog/catalog-origin.js'
import { requireStoreOrigin } from '../../store/store-origin.js'
import type { ShardingOption } from '../open/sharding-option.js'
import type { SnapshotWriterOptions } from '../snapshot-writer-options.js'
import type { EngineOptions } from '../../engine/engine-options.js'
import { RUN_RECORD_FORMAT_VERSION } from '../../snapshot/runs/run-record.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import { formatTextTimestamp, nowMicros } from '../../text/timestamps.js'
import { codecName } from '../../values/codec-name.js'
import { openBuildJob } from '../open/build-job.js'
import type { SnapshotPlan } from './snapshot-plan.js'

export interface PlanOptions
  extends
    EngineOptions,
    Pick<
      SnapshotWriterOptions,
      | 'prefix'
      | 'sharding'
      | 'keyEncoding'
      | 'keyColumn'
      | 'values'
      | 'custom'
      | 'runId'
      | 'catalog'
      | 'vector'
    > {
  /** The codec that the tasks encode values with, for its name: rows of tasks are bytes already. */
  values?: SnapshotWriterOptions['values']
  /**
   * How long a cleanup treats the run as live, in milliseconds; 24 hours by default. Nothing renews
   * it, so use more than the build can take.
   */
  leaseMs?: number | undefined
}

const DAY_MS = 24 * 60 * 60 * 1000
const WHERE = 'planSnapshot'
const NEEDED = 'the tasks of the plan run in other processes, and need it'

/**
 * Starts a build whose shards are written by tasks of a cluster, each with `writeShardAttempt`.
 *
 * Checks everything that can be checked before the long work: options, engine, storage, and that
 * the run id is new. Stores only the record of the run. `publishSnapshot` ends the build. Errors:
 * SHARD_INVALID_OPTION, also for an engine or a store without an origin, and for a sharding whose
 * number of shards is known only at the end; SHARD_STORE.
 */
export async function planSnapshot(options: PlanOptions): Promise<SnapshotPlan> {
  const { leaseMs = DAY_MS, ...given } = options
  const runId = given.runId ?? newOpaqueId()
  const job = await openBuildJob({ ...given, runId }, WHERE)
  try {
    const { layout, options: o } = job
    const engine = portableOrigin(job.engine, requireEngineOrigin(job.engine, NEEDED, WHERE))
    const objects = o.objects && requireStoreOrigin(o.objects, NEEDED, WHERE)
    const catalog = o.catalog && requireCatalogOrigin(o.catalog, NEEDED, WHERE)
    if (layout.shards === undefined) throw unknownShards()
    const { signal, keyEncoding, keyColumn, custom } = o
    const valueCodec = codecName(o.values)
    const now = nowMicros()
    const at = formatTextTimestamp(now)
    const runRecordRef = await job.catalog.runs.create(
      {
        formatVersion: RUN_RECORD_FORMAT_VERSION,
        runId,
        writerType: 'typescript-tasks',
        status: 'running',
        startedAt: at,
        updatedAt: at,
        leaseExpiresAt: formatTextTimestamp(now + BigInt(Math.round(leaseMs)) * 1000n),
        prefix: o.prefix,
        shardPrefix: SHARDS,
        dbPathTemplate: DB_PATH_TEMPLATE,
        manifestRef: undefined,
        errorType: undefined,
        errorMessage: undefined,
      },
      { signal },
    )
    return {
      version: 1,
      runId,
      prefix: o.prefix,
      shards: layout.shards,
      sharding: fixedSharding(o.sharding, layout.shards),
      keyEncoding,
      keyColumn,
      ...(valueCodec !== undefined && { valueCodec }),
      custom,
      ...(job.vectors !== undefined && { vector: job.vectors }),
      engine,
      format: job.engine.format,
      ...(objects !== undefined && { objects }),
      ...(catalog !== undefined && { catalog }),
      runRecordRef,
    }
  } finally {
    await job.close()
  }
}

/** Returns the same sharding with a fixed number of shards. */
function fixedSharding(sharding: ShardingOption, shards: number): ShardingOption {
  return 'maxKeysPerShard' in sharding ? { shards } : sharding
}

function unknownShards(): ShardyfusionError {
  return invalidOption(
    WHERE,
    'sharding must determine the number of shards, so that none can be missing; add sharding.shards or ' +
      'sharding.values to the expression',
  )
}
