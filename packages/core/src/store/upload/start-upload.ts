import { orAbort, orLeave } from '../../async/abort.js'
import type { ShardyfusionError } from '../../errors.js'
import { storeError } from '../../errors/error-factories.js'
import { describeUrl } from '../../text/describe-url.js'
import type { ObjectCallOptions, ObjectUpload } from '../object-store.js'
import { MAX_HEAD_BYTES } from './upload-parts.js'

/** The part of an upload that depends on the store. Its calls never overlap, except `discard`. */
export interface UploadSink {
  /** Appends bytes, which belong to the caller afterwards. */
  append(bytes: Uint8Array): Promise<void>
  /** Replaces the first bytes by `head` and makes the object visible, whole and durable. */
  commit(head: Uint8Array | undefined): Promise<void>
  /** Removes everything that was written; called once, also while another call runs. */
  discard(): Promise<void>
}

/** Bound on removing the rest of an upload that failed, in milliseconds: the error must not wait. */
const DISCARD_MS = 5_000

/**
 * Starts an upload and enforces the rules of `ObjectUpload` for it: one call at a time, none after
 * the end, and nothing left after a failure or an abort.
 *
 * `open` gets the signal that ends the calls of the sink.
 */
export async function startUpload(
  where: string,
  url: string,
  { signal }: ObjectCallOptions,
  open: (signal: AbortSignal) => Promise<UploadSink>,
): Promise<ObjectUpload> {
  signal?.throwIfAborted()
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const release = (): void => signal?.removeEventListener('abort', onAbort)
  try {
    const opening = open(stop.signal)
    const sink = await orAbort(opening, stop.signal, (late) => void late.discard().catch(() => {}))
    return new CheckedUpload(where, url, sink, stop, release)
  } catch (error) {
    release()
    throw error
  }
}

class CheckedUpload implements ObjectUpload {
  readonly #where: string
  readonly #url: string
  readonly #sink: UploadSink
  readonly #stop: AbortController
  readonly #release: () => void
  #isBusy = false
  #bytes = 0
  #ending: Promise<void> | undefined
  #isComplete = false

  constructor(
    where: string,
    url: string,
    sink: UploadSink,
    stop: AbortController,
    release: () => void,
  ) {
    this.#where = where
    this.#url = url
    this.#sink = sink
    this.#stop = stop
    this.#release = release
    // A caller that aborts may never call again.
    stop.signal.addEventListener('abort', () => void this.#end().catch(() => {}), { once: true })
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#call(async () => {
      if (bytes.length > 0) await this.#sink.append(bytes)
      this.#bytes += bytes.length
    })
  }

  async complete(head?: Uint8Array): Promise<void> {
    await this.#call(async () => {
      const room = Math.min(MAX_HEAD_BYTES, this.#bytes)
      if (head !== undefined && head.length > room) {
        throw this.#error(
          `head has ${head.length} bytes; it replaces the first of ${this.#bytes} bytes and may ` +
            `have ${room} at most`,
        )
      }
      await this.#sink.commit(head)
      this.#isComplete = true
    })
    this.#release()
  }

  async abort(): Promise<void> {
    if (this.#isComplete) return
    const ending = this.#end()
    this.#stop.abort(this.#error('was aborted'))
    await ending
  }

  async #call(work: () => Promise<void>): Promise<void> {
    if (this.#isComplete) throw this.#error('is complete; nothing can follow')
    this.#stop.signal.throwIfAborted()
    if (this.#isBusy) throw this.#error('has a call in progress; await each call before the next')
    this.#isBusy = true
    try {
      await orAbort(work(), this.#stop.signal)
    } catch (error) {
      this.#stop.abort(error)
      await orLeave(
        this.#end().catch(() => {}),
        DISCARD_MS,
      )
      throw error
    } finally {
      this.#isBusy = false
    }
  }

  #end(): Promise<void> {
    this.#release()
    return (this.#ending ??= this.#sink.discard())
  }

  #error(problem: string): ShardyfusionError {
    return storeError(this.#where, `the upload of ${describeUrl(this.#url)} ${problem}`)
  }
}
