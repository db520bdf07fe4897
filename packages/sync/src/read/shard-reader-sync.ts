import type {
  Entry,
  EntryChunk,
  DecodedKeyOf,
  KeyEncoding,
  KeyOf,
  KeyRange,
  ShardReaderOptions,
  ShardReaderStats,
} from '@shardyfusion/core'
import { decodeKey, encodeOwnLookupKey, requireKeyList } from '@shardyfusion/core/internal'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import {
  type CallOptions,
  checkCall,
  type ScanCallOptions,
  type ShardReaderSyncOptions,
  splitOptions,
} from '../options.js'
import { ReadMeter } from './read-meter.js'
import { decodeValues, encodeKeyRequest, encodeKeysRequest, wireKey } from '../protocol/frame.js'
import { ScanIteratorSync } from '../scan/scan-iterator-sync.js'

const CALL_OPTIONS = ['signal', 'timeoutMs']
const NAME = 'ShardReaderSync'

/**
 * Reads one shard without `await`: `ShardReader` of core, run in a worker thread while this one waits.
 *
 * Shape: values and scanned keys are stored bytes; `undefined` means "no such key" and nothing else.
 * Errors: those of `ShardReader`; SHARD_TIMEOUT after `timeoutMs`; SHARD_BRIDGE when the worker is gone.
 *
 * @example
 * using shard = ShardReaderSync.open({ url: 'file:///data/shard-0' })
 * const value = shard.get(42n)
 */
export class ShardReaderSync<E extends KeyEncoding = KeyEncoding> implements Disposable {
  /** URL of the shard. */
  readonly url: string
  /** How keys are stored. */
  readonly keyEncoding: KeyEncoding
  readonly #handle: BridgeHandle
  readonly #meter: ReadMeter<ShardReaderStats>

  private constructor(url: string, keyEncoding: KeyEncoding, handle: BridgeHandle) {
    this.url = url
    this.keyEncoding = keyEncoding
    this.#handle = handle
    this.#meter = new ReadMeter<ShardReaderStats>(NAME, url, () =>
      handle.bridge.call('shardStats', [handle.id], handle.limits('stats')),
    )
    handle.ownedBy(this)
  }

  /** Opens one shard. Errors: as `ShardReader.open`, and SHARD_BRIDGE. */
  static open<E extends KeyEncoding = 'u64be'>(
    options: ShardReaderSyncOptions & { keyEncoding?: E | undefined },
  ): ShardReaderSync<E> {
    const { bridge, signal, wire } = splitOptions<ShardReaderOptions>(options, `${NAME}.open`)
    const handle = new BridgeHandle(NAME, bridge)
    const limits = handle.limits('open', { signal })
    const startedAt = performance.now()
    const { url, keyEncoding } = handle.bridge.call('openShardReader', [handle.id, wire], limits)
    const reader = new ShardReaderSync<E>(url, keyEncoding, handle)
    reader.#meter.opened(performance.now() - startedAt)
    return reader
  }

  /** Returns the value of `key`, or `undefined`. */
  get(key: KeyOf<E>, options?: CallOptions): Uint8Array | undefined {
    const meter = this.#meter
    const from = meter.startWait(meter.start())
    try {
      const handle = this.#start('get', options)
      const stored = encodeOwnLookupKey(key, this.keyEncoding, `${NAME}.get`)
      const { request, length } = encodeKeyRequest(handle.id, wireKey(key, stored))
      const limits = handle.limits('get', options)
      return meter.waited(handle.bridge.callPacked('shardGet', request, limits, length), from)
    } catch (error) {
      throw meter.failed(error)
    }
  }

  /** Returns the values of `keys` in their order, `undefined` for missing ones. */
  getMany(keys: readonly KeyOf<E>[], options?: CallOptions): (Uint8Array | undefined)[] {
    const where = `${NAME}.getMany`
    const meter = this.#meter
    const from = meter.startWait(0)
    try {
      const handle = this.#start('getMany', options)
      requireKeyList(keys, where)
      const stored = keys.map((key) =>
        wireKey(key, encodeOwnLookupKey(key, this.keyEncoding, where)),
      )
      const request = encodeKeysRequest(handle.id, stored)
      const limits = handle.limits('getMany', options)
      const reply = handle.bridge.callPacked('shardGetMany', request, limits)!
      return meter.batch(decodeValues(reply, keys.length), from)
    } catch (error) {
      throw meter.failed(error)
    }
  }

  /**
   * Entries in key order, fetched a chunk at a time; nothing is read before the first `next()`.
   *
   * Units: `chunkSize` and `limit` count entries. Ranges are half-open, `[start, end)`.
   */
  scanIter(range?: KeyRange<KeyOf<E>>, options?: ScanCallOptions): ScanIteratorSync {
    const handle = this.#start('scanIter')
    const { signal, timeoutMs, ...scan } = options ?? {}
    checkCall({ signal, timeoutMs }, CALL_OPTIONS, `${NAME}.scanIter`)
    const scanHandle = new BridgeHandle(`${NAME}.scanIter`, handle.options)
    const limits = handle.limits('scanIter', { signal, timeoutMs })
    handle.bridge.call('shardScan', [handle.id, scanHandle.id, range, scan], limits)
    return new ScanIteratorSync(scanHandle, {
      signal,
      timeoutMs,
      requireOpen: () => handle.requireOpen('scanIter', 'reader'),
      decode: entryOf,
    })
  }

  /** Decodes a stored key to the caller's type: bigint for integer encodings, string for `utf8`, bytes for `raw`. */
  decodeKey(bytes: Uint8Array): DecodedKeyOf<E> {
    return decodeKey(bytes, this.keyEncoding) as DecodedKeyOf<E>
  }

  /** The counts of this reader since it was opened; see `ShardReader.stats`. */
  stats(): ShardReaderStats {
    return this.#meter.stats()
  }

  /** Releases the shard; idempotent. */
  close(options?: CallOptions): void {
    let last: ShardReaderStats | undefined
    try {
      last = this.#handle.close<ShardReaderStats>(options)
    } finally {
      this.#meter.close(last)
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #start(method: string, options?: CallOptions): BridgeHandle {
    this.#handle.requireOpen(method, 'reader')
    checkCall(options, CALL_OPTIONS, `${NAME}.${method}`)
    return this.#handle
  }
}

function entryOf(chunk: EntryChunk, i: number): Entry {
  return chunk.entry(i)
}
