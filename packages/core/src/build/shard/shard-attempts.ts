import { delay } from '../../async/delay.js'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import type { EngineWriter } from '../../engine/engine.js'
import type { ShardSeal } from '../../engine/shard-seal.js'
import type { RetryPolicy } from './retry-policy.js'
import type { ObjectStore } from '../../store/object-store.js'
import type { ShardSpool } from '../rows/spool.js'
import { removeSealed } from './attempt-marks.js'
import { nextAttempt, type ShardRetry } from './shard-retry.js'

export interface ShardAttemptsOptions {
  readonly shard: number
  /** Number of the first attempt; each later one uses the next free number. */
  readonly firstAttempt: number
  readonly urlOf: (attempt: number) => string
  /** Claims a URL for this build; resolves to false if another build has it. */
  readonly claim: (url: string) => Promise<boolean>
  readonly openWriter: (url: string) => Promise<EngineWriter>
}

/** Opens the attempts at one shard, each with a separate URL and engine. */
export class ShardAttempts {
  readonly #options: ShardAttemptsOptions
  readonly urls: string[] = []
  #next: number
  #startedAt = performance.now()

  constructor(options: ShardAttemptsOptions) {
    this.#options = options
    this.#next = options.firstAttempt
  }

  get shard(): number {
    return this.#options.shard
  }

  /** Number of the latest attempt; of the first, if none has started. */
  get attempt(): number {
    return Math.max(this.#options.firstAttempt, this.#next - 1)
  }

  /** URL of the latest attempt. */
  get url(): string {
    return this.#options.urlOf(this.attempt)
  }

  /** Milliseconds since the latest attempt started. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** Starts the next attempt. */
  async open(): Promise<EngineWriter> {
    return this.#options.openWriter(await this.begin())
  }

  /** Claims the URL of the next attempt, for a caller that opens it in another way. */
  async begin(): Promise<string> {
    const { urlOf, claim } = this.#options
    let url = urlOf(this.#next++)
    while (!(await claim(url))) url = urlOf(this.#next++)
    // Recorded before it is opened: a failed open may have written there.
    this.urls.push(url)
    this.#startedAt = performance.now()
    return url
  }
}

export interface RetryingWriterOptions {
  readonly attempts: ShardAttempts
  readonly spool: ShardSpool
  readonly policy: Required<RetryPolicy>
  readonly signal: AbortSignal | undefined
  /** Called for each failed attempt, before the delay of the next one. */
  readonly onRetry: (retry: ShardRetry) => void
}

/**
 * Writes a shard in as many attempts as needed: after a failure, the next attempt starts over with
 * all rows so far.
 *
 * Errors: those of `nextAttempt`; an aborted signal's own reason.
 */
export class RetryingWriter implements EngineWriter {
  readonly #options: RetryingWriterOptions
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  #writer: EngineWriter | undefined
  #failed = 0
  #bytes = 0

  constructor(options: RetryingWriterOptions) {
    this.#options = options
    const { signal } = options
    this.#signal =
      signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
  }

  async write(chunk: EntryChunk): Promise<void> {
    await this.#options.spool.append(chunk)
    // A fresh attempt has already received this chunk, with all others.
    await this.#try((writer, fresh) => (fresh ? Promise.resolve() : writer.write(chunk)))
  }

  async writeVectors(chunk: VectorChunk): Promise<void> {
    await this.#options.spool.append(chunk)
    await this.#try((writer, fresh) => (fresh ? Promise.resolve() : writer.writeVectors!(chunk)))
  }

  async flush(): Promise<void> {
    await this.#try((writer) => writer.flush())
  }

  /** Also closes the attempt: an attempt that does not close cleanly is not sealed. */
  async seal(): Promise<ShardSeal | undefined> {
    let seal: ShardSeal | undefined
    await this.#try(async (writer) => {
      seal = (await writer.seal()) ?? undefined
      this.#bytes = await writer.bytes()
      await writer.close()
    })
    return seal
  }

  bytes(): Promise<number> {
    return Promise.resolve(this.#bytes)
  }

  /** Ends the delay before another attempt, and prevents new attempts. */
  stop(reason: unknown): void {
    this.#stop.abort(reason)
  }

  async close(): Promise<void> {
    await this.#writer?.close()
  }

  async #try(step: (writer: EngineWriter, fresh: boolean) => Promise<void>): Promise<void> {
    for (;;) {
      try {
        this.#signal.throwIfAborted()
        const fresh = this.#writer === undefined
        this.#writer ??= await this.#begin()
        await step(this.#writer, fresh)
        return
      } catch (error) {
        await this.#end()
        await this.#prepareNext(error)
      }
    }
  }

  /** Opens an attempt and writes every batch so far to it. */
  async #begin(): Promise<EngineWriter> {
    const writer = await this.#options.attempts.open()
    try {
      for await (const batch of this.#options.spool.batches()) {
        this.#signal.throwIfAborted()
        if (batch instanceof EntryChunk) await writer.write(batch)
        else await writer.writeVectors!(batch)
      }
      return writer
    } catch (error) {
      await writer.close().catch(() => {})
      throw error
    }
  }

  async #end(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    // It has failed already, and its data is never read.
    await writer?.close().catch(() => {})
  }

  async #prepareNext(failure: unknown): Promise<void> {
    this.#signal.throwIfAborted()
    const { attempts, policy, onRetry } = this.#options
    const retry = nextAttempt(failure, attempts.shard, ++this.#failed, policy, 'SnapshotWriter')
    onRetry(retry)
    await delay(retry.delayMs, this.#signal)
  }
}

/** The URLs that the attempts at one shard may have written to. */
export interface AbandonedShard {
  readonly attemptUrls: readonly string[]
  /** The sealed one of them, if there is one. */
  readonly sealedUrl: string | undefined
}

/**
 * Removes data of a build that will not be published; with `keepSealed`, sealed shards stay for a
 * resumed build.
 *
 * Best effort: nothing refers to these objects, and a cleanup would find them too.
 */
export async function abandonAttempts(
  objects: ObjectStore,
  shards: Iterable<AbandonedShard>,
  { prefix, keepSealed }: { prefix: string; keepSealed: boolean },
): Promise<void> {
  const removals = [...shards].flatMap(({ attemptUrls, sealedUrl }) =>
    attemptUrls.map(async (url) => {
      if (url !== sealedUrl) await objects.deletePrefix(url, { within: prefix })
      else if (!keepSealed) await removeSealed(objects, url, prefix)
    }),
  )
  await Promise.allSettled(removals)
}
