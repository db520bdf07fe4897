import { availableParallelism } from 'node:os'
import type { BufferPool } from '../../chunk/buffer-pool.js'
import { environmentGate } from '../../engine/environment.js'
import type {
  EngineReader,
  EngineReaderOptions,
  EngineWriter,
  EngineWriterOptions,
  ShardEngine,
} from '../../engine/engine.js'
import type { S3CredentialsProvider } from '../../objects/s3-options.js'
import { closeOnce } from '../../util/close-once.js'
import { BuildWorker } from './build-worker.js'
import type { WorkerSetup } from './messages.js'
import { RemoteWriter } from './remote-writer.js'

export interface WorkerPoolOptions {
  /** Workers at most; a shard that opens goes to a new one, or to the one with the fewest shards. */
  readonly workers: number | 'auto'
  /** File of the thread, for programs whose bundler has moved it; found beside this file by default. */
  readonly workerUrl: URL | undefined
  readonly setup: Omit<WorkerSetup, 'environmentGate'>
  /** Asked on behalf of the workers, on this thread. */
  readonly credentials: S3CredentialsProvider | undefined
  /** Gets the buffers of batches that were written. */
  readonly buffers: BufferPool
  /** The engine as it is here, for what does not need a worker: names, limits, reading. */
  readonly local: ShardEngine
}

/** Starts no worker yet: each is started by the first shard it gets. */
export function openWorkerPool(options: WorkerPoolOptions): WorkerPool {
  return new WorkerPool(options)
}

/**
 * An engine whose writers live in worker threads: whatever writes shards can do so on several cores.
 *
 * A worker that dies fails the shards it had with a retryable error; the next shard gets a new worker.
 */
export class WorkerPool implements ShardEngine {
  readonly name: string
  readonly limits: ShardEngine['limits']
  readonly workers: number
  readonly #options: WorkerPoolOptions
  readonly #alive = new Set<BuildWorker>()
  readonly close: () => Promise<void>

  constructor(options: WorkerPoolOptions) {
    const { local, workers } = options
    this.name = local.name
    this.limits = local.limits
    this.workers = workers === 'auto' ? availableParallelism() : workers
    this.#options = options
    this.close = closeOnce(async () => {
      await Promise.all([...this.#alive].map((worker) => worker.end()))
    })
  }

  async openWriter(options: EngineWriterOptions): Promise<EngineWriter> {
    const { url, env, settings, memoryBytes, openTimeoutMs } = options
    const worker = this.#leastBusy()
    return RemoteWriter.open(worker, { url, env, settings, memoryBytes, openTimeoutMs })
  }

  openReader(options: EngineReaderOptions): Promise<EngineReader> {
    return this.#options.local.openReader(options)
  }

  checkSettings(settings: unknown, where: string): void {
    this.#options.local.checkSettings?.(settings, where)
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
    const { setup, credentials, workerUrl, buffers } = this.#options
    const native = setup.engine === 'native'
    const worker = new BuildWorker(
      workerUrl ?? new URL('./build-thread.js', import.meta.url),
      { ...setup, environmentGate: native ? environmentGate() : undefined },
      {
        credentials,
        sharesEnvironment: native,
        giveBack: (buffer) => buffers.give(buffer),
        onDeath: (dead) => this.#alive.delete(dead),
      },
    )
    this.#alive.add(worker)
    return worker
  }
}
