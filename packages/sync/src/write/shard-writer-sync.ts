import type {
  EntryChunk,
  KeyOf,
  KeyEncoding,
  SealedShard,
  ShardWriterOptions,
} from '@shardyfusion/core'
import type { EngineLimits } from '@shardyfusion/core/extend'
import {
  checkLimits,
  describeValue,
  encodeKey,
  requireChunk,
  requireStoredKey,
  ShardyfusionError,
  isBytes,
} from '@shardyfusion/core/internal'
import type { CallLimits } from '../bridge/sleep.js'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import {
  type CallOptions,
  checkCall,
  type ShardWriterSyncOptions,
  splitOptions,
} from '../options.js'
import { PutStream } from './put-stream.js'
import { closedWriter, WRITER_CALL_OPTIONS } from './snapshot-publication.js'

const NAME = 'ShardWriterSync'

/**
 * Writes one shard without `await`: `ShardWriter` of core, run in a worker thread while this one continues.
 *
 * Shape: keys are encoded by `keyEncoding` (default `u64be`); the last write of a key wins.
 * Errors: those of `ShardWriter`; a failure of storage is thrown by a later call than its `put`.
 *
 * @example
 * using shard = ShardWriterSync.open({ url: 'file:///data/shard-0' })
 * shard.put(42n, bytes)
 * const { rowCount, checkpointId } = shard.seal()
 */
export class ShardWriterSync<E extends KeyEncoding = KeyEncoding> implements Disposable {
  /** URL of the shard. */
  readonly url: string
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  readonly #handle: BridgeHandle
  readonly #stream: PutStream
  readonly #engineLimits: EngineLimits | undefined
  readonly #putLimits: CallLimits
  #state: 'open' | 'failed' | 'sealed' = 'open'

  private constructor(
    handle: BridgeHandle,
    opened: { url: string; keyEncoding: KeyEncoding; limits: EngineLimits | undefined },
    stream: PutStream,
    signal: AbortSignal | undefined,
  ) {
    this.url = opened.url
    this.keyEncoding = opened.keyEncoding
    this.#engineLimits = opened.limits
    this.#handle = handle
    this.#stream = stream
    this.#putLimits = handle.limits('put', { signal })
    handle.ownedBy(this)
  }

  /** Opens a writer of one shard. Errors: as `ShardWriter.open`, and SHARD_BRIDGE. */
  static open<E extends KeyEncoding = 'u64be'>(
    options: ShardWriterSyncOptions & { keyEncoding?: E | undefined },
  ): ShardWriterSync<E> {
    const { bridge, signal, wire } = splitOptions<ShardWriterOptions>(options, `${NAME}.open`)
    const handle = new BridgeHandle(NAME, bridge)
    const limits = handle.limits('open', { signal })
    const opened = handle.bridge.call('openShardWriter', [handle.id, wire], limits)
    const stream = new PutStream(handle, {
      // A chunk is written as a separate batch.
      chunkEntries: opened.maxBatchEntries,
      chunkBytes: opened.maxBatchBytes,
    })
    return new ShardWriterSync<E>(handle, opened, stream, signal)
  }

  /**
   * Adds an entry; waits only while `bufferBytes` are in flight.
   *
   * Errors: SHARD_INVALID_KEY, SHARD_INVALID_VALUE (nothing is lost or written), or the failure of an earlier batch.
   */
  put(key: KeyOf<E>, value: Uint8Array): void {
    this.#requireOpen('put')
    if (!isBytes(value)) {
      throw new ShardyfusionError(
        'SHARD_INVALID_VALUE',
        `${NAME}.put: value must be bytes (Uint8Array), got ${describeValue(value)}`,
        { details: { peer: 'ConfigValidationError' } },
      )
    }
    const stored = encodeKey(key, this.keyEncoding, `${NAME}.put`)
    checkLimits(stored, value, this.#engineLimits)
    this.#stream.push(stored, value, undefined, this.#putLimits)
  }

  /** Adds all entries of a chunk, whose keys are stored bytes already; the chunk is copied. */
  putChunk(chunk: EntryChunk): void {
    this.#requireOpen('putChunk')
    requireChunk(chunk, `${NAME}.putChunk`)
    for (let i = 0; i < chunk.count; i++) {
      const key = chunk.key(i)
      requireStoredKey(key, this.keyEncoding, `${NAME}.putChunk`)
      checkLimits(key, chunk.value(i), this.#engineLimits)
    }
    this.#stream.pushChunk(chunk, this.#putLimits)
  }

  /** Returns when the engine has taken everything put so far; see `ShardWriter.flush` of core. */
  flush(options?: CallOptions): void {
    this.#requireOpen('flush')
    checkCall(options, WRITER_CALL_OPTIONS, `${NAME}.flush`)
    this.#stream.flush(this.#putLimits)
    this.#handle.bridge.call('shardFlush', [this.#handle.id], this.#limits('flush', options))
  }

  /** Finishes the shard: stores everything and releases the engine. No put may follow. */
  seal(options?: CallOptions): SealedShard {
    this.#requireOpen('seal')
    checkCall(options, WRITER_CALL_OPTIONS, `${NAME}.seal`)
    this.#state = 'failed'
    this.#stream.flush(this.#putLimits)
    const { bridge, id } = this.#handle
    const sealed = bridge.call('shardSeal', [id], this.#limits('seal', options))
    this.#state = 'sealed'
    return sealed
  }

  /** Releases the engine; without `seal()` the shard is unfinished. Idempotent. */
  close(options?: CallOptions): void {
    this.#handle.close(options)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #limits(method: string, options: CallOptions | undefined): CallLimits {
    const { signal } = this.#putLimits
    return this.#handle.limits(method, { signal, ...options })
  }

  #requireOpen(method: string): void {
    if (this.#state === 'open' && !this.#handle.closed) return
    throw closedWriter(`${NAME}.${method}`, this.#state === 'open' ? 'closed' : this.#state, {
      failed: 'sealing this shard has failed; open a new writer',
      sealed: 'this shard is sealed already; open a new writer',
      closed: 'this writer is closed; open a new writer',
    })
  }
}
