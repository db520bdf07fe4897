import { cacheId, ValueCache, type ValueDecoder } from '@shardyfusion/core/internal'
import type { WireKey } from './protocol/frame.js'

/**
 * Values of one snapshot kept in the thread of the caller, where finding one costs less than asking the worker.
 *
 * Keys are told apart by how they were given rather than by shard: that decides the shard.
 */
export class LookupCache {
  readonly #decoder: ValueDecoder
  readonly #values: ValueCache | undefined

  /** Keeps nothing when `maxBytes` is 0. */
  constructor(maxBytes: number, decoder: ValueDecoder) {
    this.#decoder = decoder
    this.#values = maxBytes === 0 ? undefined : new ValueCache(maxBytes)
  }

  /** The value of a key whose lookup is kept, `undefined` in it when there is no such key. */
  find(key: WireKey): { readonly value: unknown } | undefined {
    const slot = this.#values?.find(cacheId(key.kind, key.bytes))
    if (slot === undefined) return undefined
    return { value: slot.value === undefined ? undefined : this.#decoder.fromKept(slot.value) }
  }

  /** Keeps what was looked up and gives it as the caller wants it, who owns `bytes`. */
  keep(key: WireKey, bytes: Uint8Array | undefined): unknown {
    this.#values?.keep(cacheId(key.kind, key.bytes), bytes && this.#decoder.toKept(bytes))
    return bytes && this.#decoder.decode(bytes)
  }

  clear(): void {
    this.#values?.clear()
  }
}
