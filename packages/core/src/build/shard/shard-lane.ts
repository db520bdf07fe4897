import { EntryChunk } from '../../chunk/entry-chunk.js'
import type { VectorChunk } from '../../chunk/vector-chunk.js'
import { type DiagnosticsTraces, startTrace, type Trace } from '../../diagnostics/traces.js'
import type { ShardyfusionError } from '../../errors.js'
import { closed, invalidOption } from '../../errors/error-factories.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import type { KeyEncoding } from '../../types.js'
import { buildIdentity } from '../open/build-identity.js'
import { jobAttempts, type BuildJob } from '../open/build-job.js'
import { InputDigest } from '../open/input-digest.js'
import type { ProgressMeter } from '../progress.js'
import { ShardSink, type ShardSinkOptions } from '../rows/shard-sink.js'
import type { Spool } from '../rows/spool.js'
import type { VectorRow } from '../rows/vector-row.js'
import { encodeSealRecord, writeSeal, type SealRecord } from './attempt-marks.js'
import { RetryingWriter, type RetryingWriterOptions, type ShardAttempts } from './shard-attempts.js'
import { attemptResult, type ShardAttemptResult } from './shard-attempt-result.js'
import { reportRetry } from './shard-retry.js'

/**
 * Takes the entries of one shard of a snapshot, in order, and has them written.
 *
 * The code that routes rows knows only lanes: a lane may write in this thread, in another one, or
 * not at all.
 */
export interface ShardLane {
  readonly shard: number
  /** Bytes taken that are not in a batch yet. */
  readonly bufferedBytes: number
  /** URLs that this lane may have written to so far. */
  readonly attemptUrls: readonly string[]
  /** The sealed one of them, once there is one: another build may then take it over. */
  readonly sealedUrl: string | undefined
  /** Takes one entry. If it returns a promise, await it before the next entry. */
  push(key: Uint8Array, value: Uint8Array): Promise<void> | undefined
  /** The same for a vector, of an entry or of none. */
  pushVector(row: VectorRow): Promise<void> | undefined
  /** Starts writing the buffered entries. It returns a promise if the lane is behind. */
  flushBuffer(): Promise<void> | undefined
  /**
   * Writes the rest and seals the shard; repeated calls return the same result. Calls `written` as
   * soon as the engine has stored everything and is released.
   */
  seal(written?: () => void): Promise<ShardAttemptResult>
  /** Releases everything, sealed or not; idempotent. */
  close(): Promise<void>
}

export interface EngineLaneOptions extends Omit<ShardSinkOptions, 'open' | 'onBatch'> {
  readonly prefix: string
  readonly runId: string
  readonly attempts: ShardAttempts
  readonly keyEncoding: KeyEncoding
  /** Options for further attempts after a failure; without it, the first failure is final. */
  readonly retry: Omit<RetryingWriterOptions, 'attempts'> | undefined
  /** Computes a digest of the rows, by which a resumed build recognizes its input. */
  readonly digest: boolean
  /** Records that the shard is sealed. */
  readonly noteSeal: (result: ShardAttemptResult, inputDigest: string | undefined) => Promise<void>
}

/** Writes a shard with an engine of this thread, or a wrapper that acts like one. */
export class EngineLane implements ShardLane {
  readonly #options: EngineLaneOptions
  readonly #sink: ShardSink
  readonly #retrying: RetryingWriter | undefined
  readonly #digest: InputDigest | undefined
  #sealing: Promise<ShardAttemptResult> | undefined
  #trace: Trace<DiagnosticsTraces['shard-write']> | undefined
  #batches = 0
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
      open: () => {
        const { prefix, runId } = options
        this.#trace = startTrace('shard-write', () => ({ prefix, runId, shard: attempts.shard }))
        return retrying === undefined ? attempts.open() : Promise.resolve(retrying)
      },
      onBatch: (chunk: EntryChunk | VectorChunk) => {
        this.#batches++
        if (digest === undefined) return
        if (chunk instanceof EntryChunk) digest.addChunk(chunk)
        else digest.addVectors(chunk)
      },
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

  pushVector(row: VectorRow): Promise<void> | undefined {
    return this.#sink.pushVector(row)
  }

  flushBuffer(): Promise<void> | undefined {
    return this.#sink.flushBuffer()
  }

  seal(written?: () => void): Promise<ShardAttemptResult> {
    this.#sealing ??= this.#seal(written)
    return this.#sealing
  }

  async close(): Promise<void> {
    this.#trace?.fail(closed('SnapshotWriter', 'the shard was not sealed', { peer: null }))
    this.#retrying?.stop(closed('SnapshotWriter', 'this writer is closed', { peer: null }))
    await this.#sink.close()
  }

  async #seal(written?: () => void): Promise<ShardAttemptResult> {
    const stats = await this.#sink.seal().catch((error: unknown) => {
      this.#trace?.fail(error)
      throw error
    })
    written?.()
    if (this.#trace !== undefined) {
      const { rowCount: rows, bytes } = stats
      Object.assign(this.#trace.message, { rows, bytes, batches: this.#batches })
      this.#trace.end()
    }
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
      // Set first: a failed attempt to store the mark may have stored it.
      this.sealedUrl = url
      await noteSeal(result, this.#digest?.finish())
    }
    return result
  }
}

/**
 * The lane of a shard that an earlier process has sealed: counts its rows again and writes none.
 *
 * Errors: SHARD_INVALID_OPTION as soon as the rows differ from the sealed ones.
 */
export class SealedLane implements ShardLane {
  readonly shard: number
  readonly bufferedBytes = 0
  // Another build made this attempt, so this one must not remove it.
  readonly attemptUrls: readonly string[] = []
  readonly sealedUrl: undefined
  readonly #record: SealRecord
  readonly #digest: InputDigest | undefined
  #rows = 0
  #vectors = 0
  #sealing: Promise<ShardAttemptResult> | undefined

  constructor(record: SealRecord) {
    this.#record = record
    this.#digest = record.inputDigest === undefined ? undefined : new InputDigest()
    this.shard = record.result.id
  }

  push(key: Uint8Array, value: Uint8Array): undefined {
    this.#rows++
    if (this.#rows > this.#record.result.rowCount) throw this.#mismatch(`${this.#rows} or more`)
    this.#digest?.add(key, value)
  }

  pushVector(row: VectorRow): undefined {
    this.#vectors++
    if (this.#vectors > this.#record.result.rowCount)
      throw this.#mismatch(`${this.#vectors} or more`)
    this.#digest?.addVector(row)
  }

  flushBuffer(): undefined {}

  seal(): Promise<ShardAttemptResult> {
    this.#sealing ??= this.#seal()
    return this.#sealing
  }

  async close(): Promise<void> {}

  async #seal(): Promise<ShardAttemptResult> {
    const { result, inputDigest } = this.#record
    const rows = this.#rows === 0 ? this.#vectors : this.#rows
    if (rows !== result.rowCount) throw this.#mismatch(`${rows}`)
    if (this.#digest?.finish() !== inputDigest)
      throw this.#mismatch('as many with other content or in another order')
    return result
  }

  #mismatch(rows: string): ShardyfusionError {
    const { build, result } = this.#record
    return invalidOption(
      'SnapshotWriter',
      `resume: shard ${this.shard} of run ${build.run_id} was sealed with ${result.rowCount} rows, and ` +
        `now gets ${rows}; resume with the original input, row for row, or build under another runId`,
      { details: { runId: build.run_id, shard: this.shard, sealedRows: result.rowCount } },
    )
  }
}

/** Shared state of the lanes of one build. */
export interface LaneSurroundings {
  readonly schedule: NonNullable<ShardSinkOptions['schedule']>
  /** Set with `retry`. */
  readonly spool: Spool | undefined
  readonly progress: ProgressMeter
  /** URLs of durable shards. */
  readonly durable: Set<string>
}

/** Opens the lane that writes one shard of a build in this thread. */
export function openLane(job: BuildJob, shard: number, around: LaneSurroundings): EngineLane {
  const { maxBatchEntries, maxBatchBytes, keyEncoding, retry, signal } = job.options
  const { prefix, runId } = job
  return new EngineLane({
    prefix,
    runId,
    attempts: jobAttempts(job, shard),
    keyEncoding,
    limits: job.engine.limits,
    buffers: job.buffers,
    // Another attempt, and a worker, take the buffer themselves.
    copiesBatches: job.engine.supports.copiesChunks === true && retry === undefined,
    maxBatchEntries,
    maxBatchBytes,
    room: job.room,
    schedule: around.schedule,
    retry: retry &&
      around.spool && {
        spool: around.spool.shard(),
        policy: retry,
        signal,
        onRetry: (failed) => {
          reportRetry(job, failed)
          around.progress.addRetry(shard)
        },
      },
    // A build that may be resumed has a run id from its caller; other builds need no digest.
    digest: job.options.runId !== undefined,
    noteSeal: (result, inputDigest) => noteSealed(job, around.durable, result, inputDigest),
  })
}

/**
 * Makes a sealed shard durable and marks it as sealed; without the mark, a resumed build only
 * writes it again.
 */
export async function noteSealed(
  { runId, layout, engine, objects, options, warn }: BuildJob,
  durable: Set<string>,
  result: ShardAttemptResult,
  inputDigest: string | undefined,
  updates?: string,
): Promise<void> {
  const { keyEncoding, signal } = options
  const url = result.url!
  try {
    await objects.sync?.(url, { signal })
    durable.add(url)
    const build = buildIdentity({ runId, layout, keyEncoding, engine })
    await writeSeal(objects, url, encodeSealRecord({ build, inputDigest, updates, result }), {
      signal,
    })
  } catch (error) {
    signal?.throwIfAborted()
    warn(`shard ${result.id} is sealed, but the mark for resuming could not be stored`, error)
  }
}
