import { availableParallelism } from 'node:os'
import type { BufferPool } from '../../chunk/buffer-pool.js'
import { environmentGate } from '../../store/environment/environment.js'
import type { EngineWriter, EngineWriterOptions, ShardEngine } from '../../engine/engine.js'
import { wrapEngine } from '../../engine/wrap-engine.js'
import type { S3CredentialsProvider } from '../../store/s3/connect/s3-options.js'
import { closeOnce } from '../../async/close-once.js'
import { BuildWorker } from './build-worker.js'
import type { WorkerSetup } from './messages.js'
import { RemoteWriter } from './remote-writer.js'

export interface WorkerPoolOptions {
  /**
   * Maximum number of workers; a new shard goes to a new worker, or to the one with the fewest
   * shards.
   */
  readonly workers: number | 'auto'
  /**
   * File of the thread, for programs whose bundler has moved it; found next to this file by
   * default.
   */
  readonly workerUrl: URL | undefined
  readonly setup: Omit<WorkerSetup, 'environmentGate'>
  /** Called on this thread, on behalf of the workers. */
  readonly credentials: S3CredentialsProvider | undefined
  /** Receives the buffers of written batches. */
  readonly buffers: BufferPool
  /** The engine of the build, as this thread has it. */
  readonly local: ShardEngine
}

/** Makes a pool without workers: `start`, or the first shard of each worker, starts it. */
export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  return new WorkerPool(options)
}

/**
 * Runs worker threads that write shards: `engine` is the engine of the build, whose writers run in
 * the threads.
 *
 * A worker that dies fails its shards with a retryable error; the next shard gets a new worker.
 */
export class WorkerPool {
  readonly engine: ShardEngine
  readonly workers: number
  readonly #options: WorkerPoolOptions
  readonly #alive = new Set<BuildWorker>()
  readonly close: () => Promise<void>

  constructor(options: WorkerPoolOptions) {
    const { local, workers } = options
    this.engine = wrapEngine(local, {
      // A batch is transferred; its buffer comes back later.
      supports: { ...local.supports, copiesChunks: false },
      openWriter: (o) => this.#openWriter(o),
    })
    this.workers = workers === 'auto' ? availableParallelism() : workers
    this.#options = options
    this.close = closeOnce(async () => {
      await Promise.all([...this.#alive].map((worker) => worker.end()))
    })
  }

  /** Starts the workers for this many shards, before their rows come: that takes a tenth of a second. */
  start(shards: number): void {
    try {
      while (this.#alive.size < Math.min(this.workers, shards)) this.#start()
    } catch {
      // The first shard reports it.
    }
  }

  /** Starts a worker and waits until it has made engine and store. Errors: those of making them. */
  async requireReady(): Promise<void> {
    await this.#leastBusy().call({ type: 'ready' })
  }

  async #openWriter(options: EngineWriterOptions): Promise<EngineWriter> {
    const { url, env, memoryBytes, sealMemoryBytes, openTimeoutMs, vectors } = options
    const worker = this.#leastBusy()
    const all = { url, env, memoryBytes, sealMemoryBytes, openTimeoutMs, vectors }
    return RemoteWriter.open(worker, all)
  }

  #leastBusy(): BuildWorker {
    let least: BuildWorker | undefined
    for (const worker of this.#alive) {
      if (least === undefined || worker.writers < least.writers) least = worker
    }
    if (least !== undefined && (least.writers === 0 || this.#alive.size >= this.workers))
      return least
    return this.#start()
  }

  #start(): BuildWorker {
    const { setup, credentials, workerUrl, buffers, local } = this.#options
    // Such an engine reads the variables of the process, not the copy of a thread.
    const sharesEnvironment = local.supports.io === 'environment'
    const worker = new BuildWorker(
      workerUrl,
      { ...setup, environmentGate: sharesEnvironment ? environmentGate() : undefined },
      {
        credentials,
        sharesEnvironment,
        giveBack: (buffer) => buffers.give(buffer),
        onDeath: (dead) => this.#alive.delete(dead),
      },
    )
    this.#alive.add(worker)
    return worker
  }
}
