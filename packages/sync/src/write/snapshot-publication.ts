import { ShardyfusionError, throwIfAborted, withJson } from '@shardyfusion/core/internal'
import type { PublishedSnapshot } from '@shardyfusion/core'
import type { BridgeHandle } from '../bridge/bridge-handle.js'
import type { CallLimits } from '../bridge/sleep.js'
import { type CallOptions, checkCall, type Listeners } from '../options.js'
import type { PutStream } from './put-stream.js'

/** The size chunks cross best at: small enough to overlap, large enough to make the hop cheap. */
export const SNAPSHOT_CHUNKS = { chunkEntries: 4096, chunkBytes: 128 * 1024 }

/** The options of one call of a writer. */
export const WRITER_CALL_OPTIONS = ['signal', 'timeoutMs']

/** The states of a writer that refuse more rows, and their reasons. */
export type Refusals = Readonly<Record<'unpublished' | 'published' | 'closed', string>>

/** The states of a build or an update in the worker, until it is published or closed. */
export class SnapshotPublication {
  readonly #name: string
  readonly #handle: BridgeHandle
  readonly #signal: AbortSignal | undefined
  readonly #refusals: Refusals
  #state: 'open' | 'unpublished' | 'published' = 'open'

  constructor(
    name: string,
    handle: BridgeHandle,
    signal: AbortSignal | undefined,
    refusals: Refusals,
  ) {
    this.#name = name
    this.#handle = handle
    this.#signal = signal
    this.#refusals = refusals
  }

  /** Errors: SHARD_CLOSED if the writer takes no more rows; the reason of an aborted signal. */
  requireOpen(method: string): void {
    throwIfAborted(this.#signal)
    if (this.#state === 'open' && !this.#handle.closed) return
    const state = this.#handle.closed || this.#state === 'open' ? 'closed' : this.#state
    throw closedWriter(`${this.#name}.${method}`, state, this.#refusals)
  }

  /** Sends what `stream` has packed, then runs `work`, which publishes. After a failure it may be called again. */
  run<R extends Pick<PublishedSnapshot, 'shards'>>(
    stream: PutStream,
    options: CallOptions | undefined,
    work: (limits: CallLimits) => R,
  ): R {
    if (this.#state !== 'unpublished') this.requireOpen('publish')
    checkCall(options, WRITER_CALL_OPTIONS, `${this.#name}.publish`)
    this.#state = 'unpublished'
    const limits = this.#handle.limits('publish', { signal: this.#signal, ...options })
    stream.flush(limits)
    const published = work(limits)
    this.#state = 'published'
    published.shards.forEach(withJson)
    return published
  }
}

/** The error of a call that a writer does not take in this state. */
export function closedWriter<S extends string>(
  where: string,
  state: S,
  reasons: Readonly<Record<S, string>>,
): ShardyfusionError {
  return new ShardyfusionError('SHARD_CLOSED', `${where}: ${reasons[state]}`, {
    details: { peer: 'ReaderStateError', state },
  })
}

/** A caller's mistake in taking the last report must not undo finished work. */
export function lenientAtTheEnd({ onProgress, ...others }: Listeners): Listeners {
  if (onProgress === undefined) return others
  const lenient = (progress: unknown): void => {
    try {
      onProgress(progress)
    } catch (error) {
      if ((progress as { readonly phase: string }).phase !== 'done') throw error
    }
  }
  return { ...others, onProgress: lenient }
}
