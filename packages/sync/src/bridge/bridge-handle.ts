import type { ReaderStats, ShardReaderStats } from '@shardyfusion/core'
import { encodeError, ShardyfusionError } from '@shardyfusion/core/internal'
import type { CallLimits } from './sleep.js'
import { type CoreBridge, currentBridge } from './current-bridge.js'
import { liveScans } from '../scan/live-scans.js'
import type { CallOptions, ParsedBridgeOptions } from '../options.js'
import { CLOSE } from '../protocol/streams.js'

// Objects that are dropped without being closed must not stay open in the worker forever.
const dropped = new FinalizationRegistry<{ bridge: CoreBridge; id: number }>(({ bridge, id }) => {
  bridge.unlisten(id)
  liveScans(bridge).forget(id)
  if (bridge.usable) bridge.post(id, CLOSE)
})

/** Something open in the worker, as an object of this package holds it. */
export class BridgeHandle {
  readonly bridge: CoreBridge
  readonly id: number
  readonly options: ParsedBridgeOptions
  readonly #className: string
  #closed = false

  constructor(className: string, options: ParsedBridgeOptions) {
    this.bridge = currentBridge(options.workerUrl, `${className}.open`)
    this.id = this.bridge.newId()
    this.options = options
    this.#className = className
  }

  get closed(): boolean {
    return this.#closed
  }

  where(method: string): string {
    return `${this.#className}.${method}`
  }

  limits(method: string, options?: CallOptions): CallLimits {
    return {
      where: this.where(method),
      timeoutMs: options?.timeoutMs ?? this.options.timeoutMs,
      signal: options?.signal,
    }
  }

  /** Closes it in the worker when `owner` is collected as garbage. */
  ownedBy(owner: object): void {
    dropped.register(owner, { bridge: this.bridge, id: this.id }, this)
  }

  requireOpen(method: string, what: string): void {
    if (!this.#closed) return
    throw new ShardyfusionError(
      'SHARD_CLOSED',
      `${this.where(method)}: this ${what} is closed; open a new one`,
      { details: { peer: 'ReaderStateError' } },
    )
  }

  /**
   * Releases it, and returns the last counts of a reader; a second time does nothing. With the worker gone there is
   * nothing left to release.
   */
  close<S extends ReaderStats | ShardReaderStats = ReaderStats>(
    options?: CallOptions,
    reason?: unknown,
  ): S | undefined {
    if (this.#closed) return undefined
    this.#closed = true
    dropped.unregister(this)
    try {
      if (this.bridge.usable) {
        const why = reason === undefined ? undefined : encodeError(reason)
        const limits = this.limits('close', options)
        return this.bridge.call('close', [this.id, why], limits) as S | undefined
      }
      return undefined
    } finally {
      this.bridge.unlisten(this.id)
    }
  }
}
