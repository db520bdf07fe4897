// Without `node:`, because webpack 5.113 makes wrong code of a Worker from `node:worker_threads`.
import { SHARE_ENV, Worker, type WorkerOptions } from 'worker_threads'
import type { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import type { ShardyfusionError } from '../../errors.js'
import { engineError } from '../../errors/error-factories.js'
import type { S3CredentialsProvider } from '../../store/s3/connect/s3-options.js'
import { limitRemedy } from '../../errors/limit-remedy.js'
import { decodeError, encodeError } from '../../errors/wire-error.js'
import { bundleRemedy, embeddedSource } from './embedded-source.js'
import type { FromWorker, Reply, ToWorker, WorkerSetup } from './messages.js'
import { isError } from '../../errors/is-error.js'

/**
 * Maximum bytes of batches waiting in a worker: enough to keep it busy while the main thread serves
 * another.
 */
const WINDOW_BYTES = 4 * 1024 * 1024
/**
 * A thread that has reported its end exits without help, unless something of the user's keeps it
 * alive.
 */
const END_GRACE_MS = 2000

/** A request with a reply, without its number. */
type Call = Unnumbered<Extract<ToWorker, { writer: number; call: number } | { type: 'ready' }>>
type Unnumbered<M> = M extends unknown ? Omit<M, 'call'> : never

interface Waiting<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** Callbacks for the batches of a shard. */
export interface WriterEvents {
  failed(error: unknown): void
}

/**
 * The main thread's side of one worker: posts requests, counts the bytes in transit, and detects
 * the end of the thread, which fails all of its requests.
 */
export class BuildWorker {
  readonly #worker: Worker
  readonly #credentials: S3CredentialsProvider | undefined
  readonly #giveBack: (buffer: ArrayBuffer) => void
  readonly #calls = new Map<number, Waiting<Reply>>()
  readonly #writers = new Map<number, WriterEvents>()
  readonly #exited: Promise<void>
  #room: Waiting<void>[] = []
  #bytesOnTheWay = 0
  #nextId = 0
  #uncaught: unknown
  #death: ShardyfusionError | undefined
  #ended: (() => void) | undefined

  constructor(
    url: URL | undefined,
    setup: WorkerSetup,
    o: {
      credentials: S3CredentialsProvider | undefined
      /**
       * True for engines that read the real environment of the process, not the copy of a thread.
       */
      sharesEnvironment: boolean
      giveBack: (buffer: ArrayBuffer) => void
      onDeath: (worker: BuildWorker) => void
    },
  ) {
    this.#credentials = o.credentials
    this.#giveBack = o.giveBack
    this.#worker = startThread(url, {
      name: 'shardyfusion build',
      workerData: setup,
      // Flags of the program, such as loaders and debuggers, do not apply to this thread.
      execArgv: [],
      ...(o.sharesEnvironment && { env: SHARE_ENV }),
    })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', (error) => {
      this.#uncaught = error
    })
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        o.onDeath(this)
        this.#die(code)
        resolve()
      })
    })
    // An abandoned build must not keep the process alive; pending calls do, through #hold().
    this.#worker.unref()
  }

  get dead(): boolean {
    return this.#death !== undefined
  }

  /** Number of shards open here; the next one goes to the least busy worker. */
  get writers(): number {
    return this.#writers.size
  }

  /** Registers a shard and returns its number. */
  adopt(events: WriterEvents): number {
    const writer = this.#nextId++
    this.#writers.set(writer, events)
    return writer
  }

  release(writer: number): void {
    this.#writers.delete(writer)
  }

  call(message: Call): Promise<Reply> {
    if (this.#death !== undefined) return Promise.reject(this.#death)
    const call = this.#nextId++
    return this.#waiting((waiting) => {
      this.#calls.set(call, waiting)
      const request = { ...message, call } as ToWorker
      this.#worker.postMessage(request)
    })
  }

  /**
   * Transfers a batch with its buffer. If it returns a promise, that resolves when there is room
   * for another.
   */
  write(writer: number, { buffer }: EntryChunk | VectorChunk): Promise<void> | undefined {
    if (this.#death !== undefined) throw this.#death
    this.#bytesOnTheWay += buffer.byteLength
    const message: ToWorker = { type: 'write', writer, buffer }
    this.#worker.postMessage(message, [buffer])
    if (this.#bytesOnTheWay <= WINDOW_BYTES) return undefined
    return this.#waiting((waiting) => this.#room.push(waiting))
  }

  /** Makes the worker close everything and waits for its thread to end. */
  async end(): Promise<void> {
    if (this.#death !== undefined) return this.#exited
    this.#worker.ref()
    const drained = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    const message: ToWorker = { type: 'end' }
    this.#worker.postMessage(message)
    await Promise.race([drained, this.#exited])
    // The thread has no pending work any more.
    const timer = setTimeout(() => void this.#worker.terminate(), END_GRACE_MS)
    await this.#exited
    clearTimeout(timer)
  }

  /** Makes a promise that keeps the process alive until it is settled. */
  #waiting<T>(begin: (waiting: Waiting<T>) => void): Promise<T> {
    this.#worker.ref()
    return new Promise<T>((resolve, reject) => begin({ resolve, reject })).finally(() => {
      if (this.#calls.size === 0 && this.#room.length === 0 && this.#ended === undefined)
        this.#worker.unref()
    })
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'reply': {
        const waiting = this.#calls.get(message.call)
        this.#calls.delete(message.call)
        if ('error' in message.answer) waiting?.reject(decodeError(message.answer.error))
        else waiting?.resolve(message.answer.value)
        return
      }
      case 'written':
        this.#bytesOnTheWay -= message.bytes
        if (message.buffer !== undefined) this.#giveBack(message.buffer)
        if (message.error !== undefined)
          this.#writers.get(message.writer)?.failed(decodeError(message.error))
        if (this.#bytesOnTheWay <= WINDOW_BYTES) this.#releaseRoom()
        return
      case 'credentials':
        void this.#answerCredentials(message.call)
        return
      case 'ended':
        this.#ended?.()
    }
  }

  async #answerCredentials(call: number): Promise<void> {
    const answer: Extract<ToWorker, { type: 'credentials' }>['answer'] = await Promise.resolve()
      .then(() => this.#credentials!())
      .then(
        (value) => ({ value }),
        (error: unknown) => ({ error: encodeError(error) }),
      )
    const message: ToWorker = { type: 'credentials', call, answer }
    this.#worker.postMessage(message)
  }

  #releaseRoom(): void {
    const room = this.#room
    this.#room = []
    for (const waiting of room) waiting.resolve()
  }

  /** Fails all requests to the thread; it may have died in the middle of any of them. */
  #die(exitCode: number): void {
    this.#death = workerDied(exitCode, this.#uncaught)
    for (const events of this.#writers.values()) events.failed(this.#death)
    for (const waiting of this.#calls.values()) waiting.reject(this.#death)
    this.#calls.clear()
    this.#releaseRoom()
  }
}

function startThread(url: URL | undefined, options: WorkerOptions): Worker {
  try {
    if (url !== undefined) return new Worker(url, options)
    const source = embeddedSource()
    if (source !== undefined) return new Worker(source, { ...options, eval: true })
    // In this form, bundlers recognize a file to bundle.
    return new Worker(new URL('./build-thread.js', import.meta.url), options)
  } catch (cause) {
    const remedy = limitRemedy(cause) ?? bundleRemedy(cause, '@shardyfusion/core/build-thread')
    const advice = remedy ?? 'build without workers'
    throw engineError('SnapshotWriter', `a worker thread cannot be started; ${advice}`, { cause })
  }
}

function workerDied(exitCode: number, cause: unknown): ShardyfusionError {
  const why = isError(cause) ? `: ${cause.message}` : ''
  return engineError(
    'SnapshotWriter',
    `a worker thread ended in the middle of the build (exit code ${exitCode})${why}; its shards are ` +
      `unfinished; ${limitRemedy(cause) ?? 'set retry to write them again, or lower workers if memory ran out'}`,
    { peer: 'ShardWriteError', retryable: true, cause, details: { exitCode, workerDied: true } },
  )
}
