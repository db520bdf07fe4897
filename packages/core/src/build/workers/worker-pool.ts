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
  /** Workers at most; a shard that opens goes to a new one, or to the one with the fewest shards. */
  readonly workers: number | 'auto'
  /** File of the thread, for programs whose bundler has moved it; by default in the folder of this file. */
  readonly workerUrl: URL | undefined
  readonly setup: Omit<WorkerSetup, 'environmentGate'>
  /** Asked on behalf of the workers, on this thread. */
  readonly credentials: S3CredentialsProvider | undefined
  /** Gets the buffers of batches that were written. */
  readonly buffers: BufferPool
  /** The engine of the build, as this thread has it. */
  readonly local: ShardEngine
}

/** Starts no worker yet: each is started by the first shard it gets. */
export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  return new WorkerPool(options)
}

/**
 * Worker threads that write shards: `engine` is the engine of the build, whose writers live in the threads.
 *
 * A worker that dies fails the shards it had with a retryable error; the next shard gets a new worker.
 */
export class WorkerPool {
  readonly engine: ShardEngine
  readonly workers: number
  readonly #options: WorkerPoolOptions
  readonly #alive = new Set<BuildWorker>()
  readonly close: () => Promise<void>

  constructor(options: WorkerPoolOptions) {
    const { local, workers } = options
    this.engine = wrapEngine(local, { openWriter: (o) => this.#openWriter(o) })
    this.workers = workers === 'auto' ? availableParallelism() : workers
    this.#options = options
    this.close = closeOnce(async () => {
      await Promise.all([...this.#alive].map((worker) => worker.end()))
    })
  }

  /** Starts a worker and waits until it has made engine and store. Errors: those of making them. */
  async requireReady(): Promise<void> {
    await this.#leastBusy().call({ type: 'ready' })
  }

  async #openWriter(options: EngineWriterOptions): Promise<EngineWriter> {
    const { url, env, memoryBytes, openTimeoutMs } = options
    const worker = this.#leastBusy()
    return RemoteWriter.open(worker, { url, env, memoryBytes, openTimeoutMs })
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
      workerUrl ?? new URL('./build-thread.js', import.meta.url),
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
