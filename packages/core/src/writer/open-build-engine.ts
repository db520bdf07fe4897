import { requireRunFolder } from '#node/writer/sorting/run-file'
import { openWorkerPool } from '#node/writer/workers/worker-pool'
import { BufferPool } from '../chunk/buffer-pool.js'
import { resolveEnvironment } from '../engine/environment.js'
import type { ShardEngine } from '../engine/engine.js'
import { resolveEngine } from '../engine/resolve-engine.js'
import { ShardyfusionError } from '../errors.js'
import { schemeOf } from '../objects/urls.js'
import type { snapshotWriterOptionsSchema } from '../options.js'
import type { InferOutput } from 'valibot'
import { type SortingOptions, sortingEngine } from './sorting/sorting-engine.js'
import type { WorkerSetup } from './workers/messages.js'

type Options = Pick<
  InferOutput<typeof snapshotWriterOptionsSchema>,
  | 'engine'
  | 'objects'
  | 's3'
  | 'env'
  | 'envFile'
  | 'openTimeoutMs'
  | 'workers'
  | 'workerModule'
  | 'workerUrl'
  | 'sort'
  | 'maxBatchBytes'
>

/** The engine of a build, with what `workers` and `sort` put around it. */
export interface BuildEngine {
  readonly engine: ShardEngine
  /** Batches that workers have given back; `undefined` where the engine keeps or drops them. */
  readonly buffers: BufferPool | undefined
  /** Shards worth writing at a time, so that every worker has something to do. */
  readonly concurrency: number
  /** Ends workers, after what they have under way; idempotent. */
  close(): Promise<void>
}

const LEAST_CONCURRENCY = 4

/**
 * Resolves the options that say what writes the shards of a build, and where.
 *
 * Errors: SHARD_INVALID_OPTION, also for what cannot be taken to a worker.
 */
export async function openBuildEngine(
  prefix: string,
  o: Options,
  where: string,
): Promise<BuildEngine> {
  const local = await resolveEngine(o.engine, where)
  if (o.workers !== undefined) requireMovable(prefix, o, where)
  const sorting = o.sort && {
    folder: await requireRunFolder(o.sort.folder),
    memoryBytes: o.sort.memoryBytes,
    chunkBytes: o.maxBatchBytes,
  }
  if (o.workers === undefined) {
    const engine = sorting === undefined ? local : sortingEngine(local, sorting)
    return { engine, buffers: undefined, concurrency: LEAST_CONCURRENCY, close: async () => {} }
  }
  const credentials = o.s3?.credentials
  const buffers = new BufferPool()
  const pool = openWorkerPool({
    buffers,
    local,
    workers: o.workers,
    workerUrl: o.workerUrl === undefined ? undefined : new URL(o.workerUrl),
    credentials: typeof credentials === 'function' ? credentials : undefined,
    setup: workerSetup(prefix, o, local, sorting, where),
  })
  return {
    engine: pool,
    buffers,
    concurrency: Math.max(LEAST_CONCURRENCY, 2 * pool.workers),
    close: () => pool.close(),
  }
}

function workerSetup(
  prefix: string,
  o: Options,
  local: ShardEngine,
  sorting: SortingOptions | undefined,
  where: string,
): Omit<WorkerSetup, 'environmentGate'> {
  const { credentials, ...s3 } = o.s3 ?? {}
  const asksCredentials = typeof credentials === 'function'
  return {
    prefix,
    engine: local.name === 'native' ? 'native' : 'wasm',
    module: o.workerModule,
    hasS3: o.s3 !== undefined,
    s3: { ...s3, ...(!asksCredentials && credentials !== undefined && { credentials }) },
    asksCredentials,
    // Read here, once: the file may be gone when a worker has to be replaced.
    env: resolveEnvironment(o, where) as Record<string, string> | undefined,
    openTimeoutMs: o.openTimeoutMs,
    sorting,
  }
}

/** Objects with functions stay on the thread they were made on; what stands for them there has to be said. */
function requireMovable(prefix: string, o: Options, where: string): void {
  const given = o.workerModule !== undefined
  if (typeof o.engine === 'object' && !given)
    throw immovable(where, 'an engine of your own', 'engine')
  if (o.objects !== undefined && !given) throw immovable(where, 'a store of your own', 'objects')
  if (schemeOf(prefix) === 'memory' && !given) {
    throw invalid(
      where,
      'workers cannot write to memory://, which each thread has for itself; use file:// or s3://, or leave workers out',
    )
  }
}

function immovable(where: string, what: string, option: string): ShardyfusionError {
  return invalid(
    where,
    `${option} is ${what}, which cannot be taken to worker threads; give workerModule, the URL of a module that ` +
      `exports ${option}, or leave workers out`,
  )
}

function invalid(where: string, text: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_INVALID_OPTION', `${where}: ${text}`, {
    details: { peer: 'ConfigValidationError' },
  })
}
