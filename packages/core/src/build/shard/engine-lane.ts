import type { EntryChunk } from '../../chunk/entry-chunk.js'
import { closed } from '../../errors/error-factories.js'
import type { KeyEncoding } from '../../types.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import { InputDigest } from '../open/input-digest.js'
import { RetryingWriter, type RetryingWriterOptions } from './retrying-writer.js'
import { attemptResult, type ShardAttemptResult } from './shard-attempt-result.js'
import type { ShardAttempts } from './shard-attempts.js'
import type { ShardLane } from './shard-lane.js'
import { ShardSink, type ShardSinkOptions } from '../rows/shard-sink.js'

export interface EngineLaneOptions extends Omit<ShardSinkOptions, 'open' | 'onBatch'> {
  readonly attempts: ShardAttempts
  readonly keyEncoding: KeyEncoding
  /** Failed attempts are followed by others; without it, the first failure is the last. */
  readonly retry: Omit<RetryingWriterOptions, 'attempts'> | undefined
  /** Whether to make a digest of the rows, by which a resumption knows its input again. */
  readonly digest: boolean
  /** Notes that the shard is sealed. */
  readonly noteSeal: (result: ShardAttemptResult, inputDigest: string | undefined) => Promise<void>
}

/** The lane that writes with engines of this thread, or with what passes for them. */
export class EngineLane implements ShardLane {
  readonly #options: EngineLaneOptions
  readonly #sink: ShardSink
  readonly #retrying: RetryingWriter | undefined
  readonly #digest: InputDigest | undefined
  #sealing: Promise<ShardAttemptResult> | undefined
  sealedUrl: string | undefined

  constructor(options: EngineLaneOptions) {
    this.#options = options
    const { attempts, retry } = options
    const retrying = retry && new RetryingWriter({ ...retry, attempts })
    this.#retrying = retrying
    const digest = options.digest ? new InputDigest() : undefined
    this.#digest = digest
    this.#sink = new ShardSink({
      ...options,
      open: () => (retrying === undefined ? attempts.open() : Promise.resolve(retrying)),
      ...(digest && { onBatch: (chunk: EntryChunk) => digest.addChunk(chunk) }),
    })
  }

  get shard(): number {
    return this.#options.attempts.shard
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes
  }

  get attemptUrls(): readonly string[] {
    return this.#options.attempts.urls
  }

  push(key: Uint8Array, value: Uint8Array): Promise<void> | undefined {
    return this.#sink.push(key, value)
  }

  flushBuffer(): Promise<void> | undefined {
    return this.#sink.flushBuffer()
  }

  seal(): Promise<ShardAttemptResult> {
    this.#sealing ??= this.#seal()
    return this.#sealing
  }

  async close(): Promise<void> {
    this.#retrying?.stop(closed('SnapshotWriter', 'this writer is closed', { peer: null }))
    await this.#sink.close()
  }

  async #seal(): Promise<ShardAttemptResult> {
    const stats = await this.#sink.seal()
    const { attempts, keyEncoding, noteSeal } = this.#options
    const { shard, attempt, url, urls } = attempts
    const result = attemptResult({
      shard,
      url,
      keyEncoding,
      stats,
      checkpointId: newOpaqueId(),
      writerInfo: { attempt, durationMs: Math.round(attempts.elapsedMs) },
      allAttemptUrls: urls,
    })
    if (result.url !== undefined) {
      // Set first: a note that seems to have failed may be there all the same.
      this.sealedUrl = url
      await noteSeal(result, this.#digest?.finish())
    }
    return result
  }
}
