import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import type { EngineWriter } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import { closeOnce } from '../../async/close-once.js'
import type { BuildWorker } from './build-worker.js'
import type { RemoteWriterOptions, Reply } from './messages.js'

/**
 * Writes a shard through a worker as if it were written here; batches are transferred, not copied.
 */
export class RemoteWriter implements EngineWriter {
  readonly #worker: BuildWorker
  readonly #writer: number
  #failure: { readonly error: unknown } | undefined
  readonly close: () => Promise<void>

  private constructor(worker: BuildWorker) {
    this.#worker = worker
    this.#writer = worker.adopt({
      failed: (error) => {
        this.#failure ??= { error }
      },
    })
    this.close = closeOnce(() => this.#close())
  }

  static async open(worker: BuildWorker, options: RemoteWriterOptions): Promise<RemoteWriter> {
    const remote = new RemoteWriter(worker)
    try {
      await worker.call({ type: 'open', writer: remote.#writer, options })
    } catch (error) {
      await remote.close()
      throw error
    }
    return remote
  }

  async write(chunk: EntryChunk): Promise<void> {
    if (chunk.count === 0) return
    this.#throwIfFailed()
    await this.#worker.write(this.#writer, chunk)
    this.#throwIfFailed()
  }

  async writeVectors(chunk: VectorChunk): Promise<void> {
    if (chunk.count === 0) return
    this.#throwIfFailed()
    await this.#worker.write(this.#writer, chunk)
    this.#throwIfFailed()
  }

  async flush(): Promise<void> {
    await this.#call('flush')
  }

  async seal(): Promise<ShardSeal | undefined> {
    return (await this.#call('seal')) as ShardSeal | undefined
  }

  async bytes(): Promise<number> {
    return ((await this.#call('bytes')) as number | undefined) ?? 0
  }

  async #close(): Promise<void> {
    try {
      // Everything in a dead worker is closed with it.
      if (!this.#worker.dead) await this.#call('close', { evenIfFailed: true })
    } finally {
      this.#worker.release(this.#writer)
    }
  }

  async #call(
    type: 'flush' | 'seal' | 'bytes' | 'close',
    { evenIfFailed = false } = {},
  ): Promise<Reply> {
    if (!evenIfFailed) this.#throwIfFailed()
    const value = await this.#worker.call({ type, writer: this.#writer })
    if (!evenIfFailed) this.#throwIfFailed()
    return value
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
