import { isShardyfusionError, type ShardyfusionError } from '../../errors.js'
import { timeout } from '../../errors/error-factories.js'
import { orTimeout, throwIfAborted } from '../../async/abort.js'
import { redact } from '../../text/redact.js'
import { formatTextTimestamp, nowMicros } from '../../text/timestamps.js'
import { RUN_RECORD_FORMAT_VERSION, type RunRecord } from './run-record.js'
import type { RunRegistry } from './run-registry.js'
import { isError } from '../../errors/is-error.js'

/**
 * How long a run counts as alive after its last heartbeat, and the interval of heartbeats
 * (wire-format §8).
 */
const LEASE_MS = 10 * 60 * 1000
const HEARTBEAT_MS = 60 * 1000

/** Bound on one call of the registry: a store that hangs must not delay the end of a build. */
const CALL_TIMEOUT_MS = 30_000

const WRITER_TYPE = 'typescript'

/** The facts of a run record other than its status. */
export type RunFacts = Pick<RunRecord, 'runId' | 'prefix' | 'shardPrefix' | 'dbPathTemplate'> &
  Partial<Pick<RunRecord, 'writerType'>>

/** A registry that could not be written to; the build continues. */
export interface RunRecordFailure {
  readonly operation: 'create' | 'heartbeat' | 'finish'
  readonly runId: string
  /** URL of the record; `undefined` if it was not created. */
  readonly ref: string | undefined
  readonly error: unknown
}

export interface RunLifecycleOptions {
  /** Called for every failure of the registry; none of them is thrown. */
  readonly onFailure?: ((failure: RunRecordFailure) => void) | undefined
  readonly leaseMs?: number | undefined
  readonly heartbeatMs?: number | undefined
  readonly callTimeoutMs?: number | undefined
  /** Ends the wait for the first record with its reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Maintains the record of one run: created at the start, renewed while the run lasts, closed with
 * its outcome.
 *
 * Nothing here fails a build: errors of the registry go to `onFailure`. The heartbeat timer does
 * not keep the process alive. Only the first of several endings counts. Source: wire-format §8;
 * peer `RunRecordLifecycle`.
 */
export class RunLifecycle {
  readonly #registry: RunRegistry
  readonly #options: RunLifecycleOptions
  #record: RunRecord
  #ref: string | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  // One call at a time: a heartbeat that arrives after the ending would mark the run as alive
  // again.
  #writing: Promise<void> | undefined
  #ending: Promise<void> | undefined

  private constructor(registry: RunRegistry, facts: RunFacts, options: RunLifecycleOptions) {
    this.#registry = registry
    this.#options = options
    const now = nowMicros()
    this.#record = {
      formatVersion: RUN_RECORD_FORMAT_VERSION,
      writerType: WRITER_TYPE,
      ...facts,
      status: 'running',
      startedAt: formatTextTimestamp(now),
      ...this.#renewed(now),
      manifestRef: undefined,
      errorType: undefined,
      errorMessage: undefined,
    }
  }

  /** Stores the first record, and starts to renew it if that succeeded. */
  static async start(
    registry: RunRegistry,
    facts: RunFacts,
    options: RunLifecycleOptions = {},
  ): Promise<RunLifecycle> {
    const run = new RunLifecycle(registry, facts, options)
    await run.#begin()
    return run
  }

  /** URL of the record; `undefined` if it could not be created. */
  get ref(): string | undefined {
    return this.#ref
  }

  /** Records the manifest; it is stored with the next heartbeat or the ending. */
  published(manifestRef: string): void {
    this.#record = { ...this.#record, manifestRef }
  }

  /** Ends the run as `succeeded`; never rejects. */
  succeed(manifestRef?: string): Promise<void> {
    if (manifestRef !== undefined && this.#ending === undefined) this.published(manifestRef)
    return this.#end({ status: 'succeeded' })
  }

  /** Ends the run as `failed` with the error, without secrets; never rejects. */
  fail(error: unknown): Promise<void> {
    return this.#end({ status: 'failed', ...describeFailure(error) })
  }

  async #begin(): Promise<void> {
    const { signal, heartbeatMs = HEARTBEAT_MS } = this.#options
    throwIfAborted(signal)
    try {
      this.#ref = await this.#bounded(
        (stop) => this.#registry.create(this.#record, { signal: stop }),
        signal,
      )
    } catch (error) {
      throwIfAborted(signal)
      this.#report('create', error)
      return
    }
    this.#timer = setInterval(() => this.#beat(), heartbeatMs)
    this.#timer.unref?.()
  }

  #beat(): void {
    // A slow registry gets one heartbeat after the other, not all of them at once.
    if (this.#writing !== undefined || this.#ending !== undefined) return
    this.#record = { ...this.#record, ...this.#renewed(nowMicros()) }
    this.#writing = this.#write('heartbeat').finally(() => {
      this.#writing = undefined
    })
  }

  #end(ending: Partial<RunRecord>): Promise<void> {
    this.#ending ??= this.#finish(ending)
    return this.#ending
  }

  async #finish(ending: Partial<RunRecord>): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    const now = formatTextTimestamp(nowMicros())
    this.#record = { ...this.#record, ...ending, updatedAt: now, leaseExpiresAt: now }
    if (this.#ref !== undefined) await this.#write('finish')
  }

  async #write(operation: 'heartbeat' | 'finish'): Promise<void> {
    try {
      await this.#bounded((signal) => this.#registry.update(this.#ref!, this.#record, { signal }))
    } catch (error) {
      this.#report(operation, error)
    }
  }

  #renewed(now: bigint): Pick<RunRecord, 'updatedAt' | 'leaseExpiresAt'> {
    const lease = BigInt(this.#options.leaseMs ?? LEASE_MS) * 1000n
    return { updatedAt: formatTextTimestamp(now), leaseExpiresAt: formatTextTimestamp(now + lease) }
  }

  async #bounded<T>(call: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const timeoutMs = this.#options.callTimeoutMs ?? CALL_TIMEOUT_MS
    const stop = new AbortController()
    try {
      return await orTimeout(call(stop.signal), {
        timeoutMs,
        signal,
        expired: () => late(timeoutMs),
      })
    } finally {
      stop.abort()
    }
  }

  #report(operation: RunRecordFailure['operation'], error: unknown): void {
    try {
      const { runId } = this.#record
      this.#options.onFailure?.({ operation, runId, ref: this.#ref, error })
    } catch {
      // A failing hook must not fail a build either.
    }
  }
}

function late(timeoutMs: number): ShardyfusionError {
  return timeout(
    'RunLifecycle',
    `the run registry did not answer within ${timeoutMs} ms; the build continues without it`,
    { peer: null },
  )
}

function describeFailure(error: unknown): Pick<RunRecord, 'errorType' | 'errorMessage'> {
  if (isShardyfusionError(error)) {
    // The error name that the peer would have stored, if there is one.
    return { errorType: error.details.peer ?? error.code, errorMessage: redact(error.message) }
  }
  if (isError(error)) {
    return { errorType: error.name || 'Error', errorMessage: redact(error.message) }
  }
  return { errorType: typeof error, errorMessage: redact(String(error)) }
}
