import * as v from 'valibot'
import type {
  EntryChunk,
  Key,
  KeyEncoding,
  KeyRange,
  ReaderHealth,
  RoutingContext,
  ShardDetail,
  SnapshotInfo,
  ValuesOption,
  SnapshotReaderOptions,
} from '@shardyfusion/core'
import type { DecodedKey, KeyView, ReadValue, SchemaOption } from '@shardyfusion/core/extend'
import {
  decodeKey,
  encodeOwnLookupKey,
  parseOptions,
  requireKeyList,
  snapshotReaderOptionsSchema,
  throwIfAborted,
  unhealthy,
  type ValueDecoder,
  valueDecoder,
} from '@shardyfusion/core/internal'
import type { CallLimits } from '../bridge/sleep.js'
import { BridgeHandle } from '../bridge/bridge-handle.js'
import { LookupCache } from './lookup-cache.js'
import {
  type CallOptions,
  checkCall,
  type ReadCallOptions,
  type SnapshotReaderSyncOptions,
  type SnapshotScanCallOptions,
  splitOptions,
} from '../options.js'
import {
  decodeValues,
  encodeKeyRequest,
  encodeKeysRequest,
  type WireKey,
  wireKey,
} from '../protocol/frame.js'
import { ScanIteratorSync } from '../scan/scan-iterator-sync.js'

const NAME = 'SnapshotReaderSync'
const READ_OPTIONS = ['context', 'signal', 'timeoutMs']
const CALL_OPTIONS = ['signal', 'timeoutMs']

const { entries } = snapshotReaderOptionsSchema
/** The options that this thread handles. */
const hereSchema = v.object({
  keys: entries.keys,
  values: entries.values,
  schema: entries.schema,
  valueCacheBytes: entries.valueCacheBytes,
})

/**
 * Reads a published snapshot without `await`: `SnapshotReader` of core, run in a worker thread while this one waits.
 *
 * Shards open when first needed, at most `maxOpenShards` at a time. Every call sees one whole snapshot;
 * `undefined` means "no such key" and nothing else.
 * Errors: those of `SnapshotReader`; SHARD_TIMEOUT after `timeoutMs`; SHARD_BRIDGE when the worker is gone.
 *
 * @example
 * using reader = SnapshotReaderSync.open({ prefix: 'file:///data/prices', values: 'json' })
 * const price = reader.get(42)
 */
export class SnapshotReaderSync<T = Uint8Array, K extends KeyView = 'bytes'> implements Disposable {
  readonly #handle: BridgeHandle
  readonly #keys: KeyView
  readonly #decoder: ValueDecoder
  readonly #cache: LookupCache
  #keyEncoding: KeyEncoding

  private constructor(
    handle: BridgeHandle,
    keyEncoding: KeyEncoding,
    options: v.InferOutput<typeof hereSchema>,
  ) {
    this.#handle = handle
    this.#keyEncoding = keyEncoding
    this.#keys = options.keys
    const { values, schema } = options
    this.#decoder = valueDecoder({
      values,
      schema,
      where: NAME,
      keyEncoding: () => this.#keyEncoding,
    })
    this.#cache = new LookupCache(options.valueCacheBytes, this.#decoder)
    handle.ownedBy(this)
  }

  static open<
    const V extends ValuesOption = 'bytes',
    K extends KeyView = 'bytes',
    S extends SchemaOption = undefined,
  >(
    options: SnapshotReaderSyncOptions & {
      values?: V | undefined
      keys?: K | undefined
      schema?: S | undefined
    },
  ): SnapshotReaderSync<ReadValue<V, S>, K> {
    const { bridge, signal, wire } = splitOptions<SnapshotReaderOptions>(options, `${NAME}.open`)
    const here = parseOptions(hereSchema, options, `${NAME}.open`)
    const handle = new BridgeHandle(NAME, bridge)
    const limits = handle.limits('open', { signal })
    // Core in the worker checks the other options.
    const { keyEncoding } = handle.bridge.call('openSnapshotReader', [handle.id, wire], limits)
    return new SnapshotReaderSync<ReadValue<V, S>, K>(handle, keyEncoding, here)
  }

  /** How keys of the open snapshot are stored. */
  get keyEncoding(): KeyEncoding {
    return this.#keyEncoding
  }

  /**
   * The value of `key`, or `undefined`.
   *
   * The key's type matters: `42`, `42n` and `'42'` are two keys, not one or three.
   * Errors: SHARD_INVALID_KEY, SHARD_ROUTING when a `context` is needed.
   */
  get(key: Key, options?: ReadCallOptions): T | undefined {
    const { bridge, id } = this.#start('get', READ_OPTIONS, options)
    throwIfAborted(options?.signal)
    // A copy: the value is cached under it after the wait, in which callbacks may reuse the caller's buffer.
    const stored = wireKey(key, encodeOwnLookupKey(key, this.#keyEncoding, `${NAME}.get`))
    const context = options?.context
    if (context !== undefined) {
      const limits = this.#handle.limits('get', options)
      const value = bridge.call('snapshotGetWith', [id, key, context], limits)
      return value && (this.#decoder.decode(value, stored.bytes) as T)
    }
    const kept = this.#cache.find(stored)
    if (kept !== undefined) return kept.value as T | undefined
    const { request, length } = encodeKeyRequest(id, stored)
    const limits = this.#handle.limits('get', options)
    const value = bridge.callPacked('snapshotGet', request, limits, length)
    return this.#cache.set(stored, value) as T | undefined
  }

  /** The values of `keys` in their order, `undefined` where there is none; shards are asked at the same time. */
  getMany(keys: readonly Key[], options?: ReadCallOptions): (T | undefined)[] {
    const where = `${NAME}.getMany`
    const { bridge, id } = this.#start('getMany', READ_OPTIONS, options)
    throwIfAborted(options?.signal)
    requireKeyList(keys, where)
    const stored = keys.map((key) =>
      wireKey(key, encodeOwnLookupKey(key, this.#keyEncoding, where)),
    )
    const limits = this.#handle.limits('getMany', options)
    const context = options?.context
    if (context !== undefined) {
      const reply = bridge.call('snapshotGetManyWith', [id, keys, context], limits)
      return decodeValues(reply, keys.length).map(
        (value, i) => value && this.#decoder.decode(value, stored[i]!.bytes),
      ) as T[]
    }
    const kept = stored.map((key) => this.#cache.find(key))
    const wanted = stored.filter((_, i) => kept[i] === undefined)
    const found = wanted.length === 0 ? [] : this.#readMany(wanted, limits)
    let next = 0
    return kept.map((slot, i) => {
      if (slot !== undefined) return slot.value
      return this.#cache.set(stored[i]!, found[next++])
    }) as (T | undefined)[]
  }

  /**
   * Entries of the whole snapshot in the order of stored keys, merged over all shards, fetched in chunks.
   *
   * The scan stays on its snapshot until it ends. Ranges are half-open,
   * `[start, end)`; `ordered: false` streams shard after shard, which is faster.
   * Units: `chunkSize` and `limit` count entries.
   */
  scanIter(
    range?: KeyRange,
    options?: SnapshotScanCallOptions,
  ): ScanIteratorSync<readonly [DecodedKey<K>, T]> {
    const handle = this.#start('scanIter', [])
    const { signal, timeoutMs, ...scan } = options ?? {}
    checkCall({ signal, timeoutMs }, CALL_OPTIONS, `${NAME}.scanIter`)
    const scanHandle = new BridgeHandle(`${NAME}.scanIter`, handle.options)
    const limits = handle.limits('scanIter', { signal, timeoutMs })
    handle.bridge.call('snapshotScan', [handle.id, scanHandle.id, range, scan], limits)
    const decoded = this.#keys === 'decoded'
    const keyEncoding = this.#keyEncoding
    return new ScanIteratorSync<readonly [DecodedKey<K>, T]>(scanHandle, {
      signal,
      timeoutMs,
      requireOpen: () => handle.requireOpen('scanIter', 'reader'),
      decode: (chunk: EntryChunk, i) => {
        const key = chunk.key(i)
        return [
          (decoded ? decodeKey(key, keyEncoding) : key) as DecodedKey<K>,
          this.#decoder.decode(chunk.value(i), key) as T,
        ]
      },
    })
  }

  /** The shard a key belongs to, whether or not the key is there. */
  shardFor(key: Key, options?: { context?: RoutingContext | undefined }): ShardDetail {
    const { bridge, id } = this.#start('shardFor', ['context'], options)
    return bridge.call('snapshotShardFor', [id, key, options], this.#handle.limits('shardFor'))
  }

  /** Facts about the open snapshot; reads nothing. */
  info(): SnapshotInfo {
    const { bridge, id } = this.#start('info', [])
    return bridge.call('snapshotInfo', [id], this.#handle.limits('info'))
  }

  /** One entry per shard, empty shards included; reads nothing. */
  shards(): ShardDetail[] {
    const { bridge, id } = this.#start('shards', [])
    return bridge.call('snapshotShards', [id], this.#handle.limits('shards'))
  }

  /**
   * Whether the reader serves, and how old its snapshot is.
   *
   * `degraded` when it is older than `stalenessThresholdMs`, or when `_CURRENT` names another one, which is damaged.
   */
  health(options?: { stalenessThresholdMs?: number | undefined }): ReaderHealth {
    const { bridge, id, closed } = this.#handle
    if (closed || !bridge.usable) {
      const reason = closed
        ? 'this reader is closed'
        : 'its worker thread is gone; open a new reader'
      return unhealthy(reason, closed)
    }
    return bridge.call('snapshotHealth', [id, options], this.#handle.limits('health'))
  }

  /**
   * Moves to the snapshot `_CURRENT` names; true if it was another one.
   *
   * Running scans finish on the snapshot they started with. If the new one cannot be read, the old one stays and the
   * error is thrown, except for a malformed manifest, which gives false; `health()` is then degraded.
   */
  refresh(options?: CallOptions): boolean {
    const { bridge, id } = this.#start('refresh', CALL_OPTIONS, options)
    const limits = this.#handle.limits('refresh', options)
    const { moved, keyEncoding } = bridge.call('snapshotRefresh', [id], limits)
    this.#keyEncoding = keyEncoding
    if (moved) this.#cache.clear()
    return moved
  }

  /** A stored key as the caller's type: bigint for integer encodings, string for `utf8`, bytes for `raw`. */
  decodeKey(bytes: Uint8Array): bigint | string | Uint8Array {
    return decodeKey(bytes, this.#keyEncoding)
  }

  /** Releases everything; idempotent. */
  close(options?: CallOptions): void {
    this.#cache.clear()
    this.#handle.close(options)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #start(method: string, known: readonly string[], options?: ReadCallOptions): BridgeHandle {
    this.#handle.requireOpen(method, 'reader')
    checkCall(options, known, `${NAME}.${method}`)
    return this.#handle
  }

  #readMany(keys: readonly WireKey[], limits: CallLimits): (Uint8Array | undefined)[] {
    const { bridge, id } = this.#handle
    const reply = bridge.callPacked('snapshotGetMany', encodeKeysRequest(id, keys), limits)
    return decodeValues(reply!, keys.length)
  }
}
