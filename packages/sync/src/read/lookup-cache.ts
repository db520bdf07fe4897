import type { ReaderStats } from '@shardyfusion/core'
import { ValueCache, type ValueDecoder } from '@shardyfusion/core/internal'
import type { WireKey } from '../protocol/frame.js'

/**
 * Cache of the values of one snapshot in the caller's thread, where a hit costs less than a call to the worker.
 *
 * Keys are distinguished by their type and context instead of by shard, because these determine the shard.
 */
export class LookupCache {
  readonly #decoder: ValueDecoder
  readonly #values: ValueCache | undefined
  readonly #maxBytes: number
  readonly #counts: { hits: number; misses: number }

  /** Caches nothing if `maxBytes` is 0. */
  constructor(
    maxBytes: number,
    decoder: ValueDecoder,
    counts: { hits: number; misses: number } = { hits: 0, misses: 0 },
  ) {
    this.#decoder = decoder
    this.#maxBytes = maxBytes
    this.#counts = counts
    this.#values = maxBytes === 0 ? undefined : new ValueCache(maxBytes, counts)
  }

  stats(): ReaderStats['valueCache'] {
    if (this.#values === undefined) return undefined
    return { ...this.#counts, bytes: this.#values.bytes, maxBytes: this.#maxBytes }
  }

  /** The cached lookup of a key; its value is `undefined` if the key does not exist. */
  find(key: WireKey): { readonly value: unknown } | undefined {
    const slot = this.#values?.find(key.kind, key.bytes)
    if (slot === undefined) return undefined
    return {
      value: slot.value === undefined ? undefined : this.#decoder.fromCached(slot.value, key.bytes),
    }
  }

  /** Caches a value and returns it decoded; the caller owns `bytes`. */
  set(key: WireKey, bytes: Uint8Array | undefined): unknown {
    this.#values?.set(key.kind, key.bytes, bytes && this.#decoder.toCached(bytes, key.bytes))
    return bytes && this.#decoder.decode(bytes, key.bytes)
  }

  clear(): void {
    this.#values?.clear()
  }
}
