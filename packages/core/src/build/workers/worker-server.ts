import { chunkFromBuffer } from '../../chunk/chunk-from-buffer.js'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import type { EngineWriter } from '../../engine/engine.js'
import { openEngineWriter } from '../../engine/open-engine.js'
import type { S3Credentials, S3CredentialsProvider } from '../../store/s3/connect/s3-options.js'
import { decodeError, encodeError } from '../../errors/wire-error.js'
import type { FromWorker, RemoteWriterOptions, Reply, ToWorker } from './messages.js'
import type { WorkerEngine } from './open-worker-engine.js'

type Post = (message: FromWorker, transfer?: ArrayBuffer[]) => void

/** One shard of a worker: its requests run one after the other, in order. */
interface Slot {
  tail: Promise<unknown>
  writer: EngineWriter | undefined
  failure: { readonly error: unknown } | undefined
}

/**
 * The worker's side of a build: executes the requests of the main thread, shard by shard, and
 * answers.
 *
 * Requests of one shard stay in order; those of different shards run concurrently while the engine
 * waits for storage.
 */
export class WorkerServer {
  readonly #post: Post
  readonly #ready: Promise<WorkerEngine>
  readonly #slots = new Map<number, Slot>()
  readonly #asked = new Map<number, PromiseWithResolversOf<S3Credentials>>()
  #calls = 0

  constructor(post: Post, open: (credentials: S3CredentialsProvider) => Promise<WorkerEngine>) {
    this.#post = post
    this.#ready = open(() => this.#askCredentials())
    // The error surfaces when a shard is opened.
    this.#ready.catch(() => {})
  }

  receive(message: Exclude<ToWorker, { type: 'end' }>): void {
    switch (message.type) {
      case 'open': {
        const slot: Slot = { tail: Promise.resolve(), writer: undefined, failure: undefined }
        this.#slots.set(message.writer, slot)
        this.#answer(message.call, slot, () => this.#open(slot, message.options))
        return
      }
      case 'ready':
        this.#ready.then(
          () => this.#post({ type: 'reply', call: message.call, answer: { value: undefined } }),
          (error: unknown) =>
            this.#post({
              type: 'reply',
              call: message.call,
              answer: { error: encodeError(error) },
            }),
        )
        return
      case 'write':
        this.#write(message.writer, message.buffer)
        return
      case 'credentials': {
        const asked = this.#asked.get(message.call)
        this.#asked.delete(message.call)
        if ('error' in message.answer) asked?.reject(decodeError(message.answer.error))
        else asked?.resolve(message.answer.value)
        return
      }
      default: {
        const slot = this.#slots.get(message.writer)!
        if (message.type === 'close') this.#slots.delete(message.writer)
        this.#answer(message.call, slot, () => perform(message.type, slot))
      }
    }
  }

  /** Closes every shard and the storage; failures here have no caller left. */
  async end(): Promise<void> {
    await Promise.allSettled(
      [...this.#slots.values()].map(async (slot) => {
        await slot.tail
        await slot.writer?.close()
      }),
    )
    await this.#ready.then((opened) => opened.close()).catch(() => {})
  }

  async #open(slot: Slot, options: RemoteWriterOptions): Promise<undefined> {
    const { engine, objects, openScratch } = await this.#ready
    const all = { ...options, objects, openScratch }
    slot.writer = await openEngineWriter(engine, all, 'SnapshotWriter')
    return undefined
  }

  #write(writer: number, buffer: ArrayBuffer): void {
    const slot = this.#slots.get(writer)
    const bytes = buffer.byteLength
    if (slot === undefined) {
      // The shard was closed in between; the batch's room is free again.
      this.#post({ type: 'written', writer, bytes, buffer: undefined, error: undefined })
      return
    }
    slot.tail = slot.tail.then(async () => {
      // After a failure, accept the rest, so that the main thread does not wait for room.
      if (slot.failure === undefined) {
        try {
          const chunk = chunkFromBuffer(buffer)
          if (chunk instanceof EntryChunk) await slot.writer!.write(chunk)
          else await slot.writer!.writeVectors!(chunk)
        } catch (error) {
          slot.failure = { error }
        }
      }
      const { engine } = await this.#ready
      const error = slot.failure === undefined ? undefined : encodeError(slot.failure.error)
      const message = { type: 'written', writer, bytes, error } as const
      if (engine.supports.copiesChunks === true) this.#post({ ...message, buffer }, [buffer])
      else this.#post({ ...message, buffer: undefined })
    })
  }

  #answer(call: number, slot: Slot, work: () => Promise<Reply>): void {
    slot.tail = slot.tail.then(work).then(
      (value) => this.#post({ type: 'reply', call, answer: { value } }),
      (error: unknown) => {
        slot.failure ??= { error }
        this.#post({ type: 'reply', call, answer: { error: encodeError(error) } })
      },
    )
  }

  #askCredentials(): Promise<S3Credentials> {
    const call = this.#calls++
    return new Promise((resolve, reject) => {
      this.#asked.set(call, { resolve, reject })
      this.#post({ type: 'credentials', call })
    })
  }
}

interface PromiseWithResolversOf<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

async function perform(what: 'flush' | 'seal' | 'bytes' | 'close', slot: Slot): Promise<Reply> {
  const { writer, failure } = slot
  if (what !== 'close' && failure !== undefined) throw failure.error
  if (what === 'bytes') return writer!.bytes()
  return (await writer?.[what]()) ?? undefined
}
