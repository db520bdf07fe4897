import { openWorkerPool } from '#node/build/workers/worker-pool'
import { BatchRoom } from '../rows/batch-room.js'
import { BufferPool } from '../../chunk/buffer-pool.js'
import { resolveEnvironment } from '../../store/environment/environment.js'
import type { ShardEngine } from '../../engine/engine.js'
import { requireEngineOrigin } from '../../engine/engine-origin.js'
import { resolveEngine } from '../../engine/resolve-engine.js'
import { invalidOption } from '../../errors/error-factories.js'
import { requireStoreOrigin } from '../../store/store-origin.js'
import { schemeOf } from '../../store/urls.js'
import type { snapshotWriterOptionsSchema } from '../snapshot-writer-options.js'
import type { InferOutput } from 'valibot'
import { CORE_MODULE } from '../../async/origin.js'
import type { WorkerSetup } from '../workers/messages.js'

type Options = Pick<
  InferOutput<typeof snapshotWriterOptionsSchema>,
  | 'engine'
  | 'objects'
  | 's3'
  | 'env'
  | 'envFile'
  | 'openTimeoutMs'
  | 'workers'
  | 'workerUrl'
  | 'spoolDirectory'
  | 'maxBufferedBytes'
>

/** The engine of a build, with its wrapper for `workers`. */
export interface BuildEngine {
  readonly engine: ShardEngine
  /** Buffers of batches that are written; `undefined` if the engine retains them. */
  readonly buffers: BufferPool | undefined
  /** Set if other threads write: bounds the batches that wait for them. */
  readonly room: BatchRoom | undefined
  /** Number of shards to write at a time, so that every worker is busy. */
  readonly concurrency: number
  /** Ends workers after their running work; idempotent. */
  close(): Promise<void>
}

const LEAST_CONCURRENCY = 4
/** As much as may be on its way to a worker; more was not faster. */
const ROOM_BYTES = 4 * 1024 * 1024

/**
 * Resolves the options that determine the engine and the store of a build, of at most this many shards.
 *
 * Errors: SHARD_INVALID_OPTION, also for parts that cannot be sent to a worker.
 */
export async function openBuildEngine(
  prefix: string,
  o: Options,
  shards: number,
  where: string,
): Promise<BuildEngine> {
  const local = await resolveEngine(o.engine, where)
  const origins = o.workers === undefined ? undefined : workerOrigins(prefix, o, local, where)
  if (o.workers === undefined || origins === undefined) {
    return {
      engine: local,
      buffers: local.supports.copiesChunks === true ? new BufferPool() : undefined,
      room: undefined,
      concurrency: LEAST_CONCURRENCY,
      close: async () => {},
    }
  }
  const credentials = o.s3?.credentials
  const buffers = new BufferPool()
  const pool = openWorkerPool({
    buffers,
    local,
    workers: o.workers,
    workerUrl: o.workerUrl === undefined ? undefined : new URL(o.workerUrl),
    credentials: typeof credentials === 'function' ? credentials : undefined,
    setup: { ...origins, ...workerSetup(prefix, o, where) },
  })
  pool.start(shards)
  try {
    // Verify that workers can make the caller's parts, before anything is written.
    if (hasOwnParts(origins)) await pool.requireReady()
  } catch (error) {
    await pool.close()
    throw error
  }
  return {
    engine: pool.engine,
    buffers,
    room: new BatchRoom(Math.min(o.maxBufferedBytes, ROOM_BYTES)),
    concurrency: Math.max(LEAST_CONCURRENCY, 2 * pool.workers),
    close: () => pool.close(),
  }
}

function workerSetup(
  prefix: string,
  o: Options,
  where: string,
): Omit<WorkerSetup, keyof Origins | 'environmentGate'> {
  const { credentials, ...s3 } = o.s3 ?? {}
  const asksCredentials = typeof credentials === 'function'
  return {
    prefix,
    hasS3: o.s3 !== undefined,
    s3: { ...s3, ...(!asksCredentials && credentials !== undefined && { credentials }) },
    asksCredentials,
    // Read once, here: the file may no longer exist when a worker is replaced.
    env: resolveEnvironment(o, where) as Record<string, string> | undefined,
    openTimeoutMs: o.openTimeoutMs,
    scratchFolder: o.spoolDirectory,
  }
}

/** Engine and store as a worker makes them. */
type Origins = Pick<WorkerSetup, 'engine' | 'format' | 'objects'>

const WITHOUT_WORKERS = 'workers need it; add an origin, or omit workers'

/** Objects stay on their thread; each worker makes its own. Errors: SHARD_INVALID_OPTION. */
function workerOrigins(prefix: string, o: Options, local: ShardEngine, where: string): Origins {
  const engine = requireEngineOrigin(local, WITHOUT_WORKERS, where)
  const objects = o.objects && requireStoreOrigin(o.objects, WITHOUT_WORKERS, where)
  if (objects === undefined && schemeOf(prefix) === 'memory') {
    throw invalidOption(
      where,
      'workers cannot write to memory://, which each thread has for itself; use file:// or s3://, or leave ' +
        'workers out',
    )
  }
  return { engine, format: local.format, objects }
}

function hasOwnParts({ engine, objects }: Origins): boolean {
  return engine.module !== CORE_MODULE || (objects !== undefined && objects.module !== CORE_MODULE)
}
