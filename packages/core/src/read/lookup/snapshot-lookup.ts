import pLimit from 'p-limit'
import { requireKeyList } from '../../keys/key-list.js'
import { encodeLookupKey, scratchForLookup } from '../../keys/stored-bytes.js'
import { LargeValues } from './large-values.js'
import { peekIntegers } from './peek-integers.js'
import type { ReadOptions } from './read-options.js'
import { groupByShard, isUnknownRoutingToken } from '../../routing/group-by-shard.js'
import type { Key, RoutingContext } from '../../types.js'
import { orAbort } from '../../async/abort.js'
import { copyBytes } from '../../text/bytes.js'
import { yieldEvery } from '../../async/yield-if-due.js'
import type { SessionSnapshot } from '../session/session-hooks.js'
import type { CachedValue, ValueCache } from './value-cache.js'
import type { ValueDecoder } from '../../values/value-decoder.js'

/** A snapshot with the cache of its looked-up values; `undefined` without a cache. */
export type KeyedSnapshot = SessionSnapshot<ValueCache | undefined>

/**
 * Looks up one key in a borrowed snapshot; returns the value synchronously if it is cached or
 * already in memory.
 */
export function lookUp(
  state: KeyedSnapshot,
  key: Key,
  decoder: ValueDecoder,
  where: string,
  options: ReadOptions | undefined,
): unknown {
  const shard = routeOrMiss(state, key, options?.context)
  const { keyEncoding } = state.manifest
  const encoded = encodeLookupKey(key, keyEncoding, where, scratchForLookup(keyEncoding))
  if (shard === undefined || state.manifest.entries[shard]!.url === undefined) return undefined
  const signal = options?.signal
  if (!largeValues.isFull) return lookUpStored(state, shard, encoded, decoder, signal)
  const own = copyBytes(encoded)
  return largeValues.inTurn(() => lookUpStored(state, shard, own, decoder, signal))
}

/** Of all readers of this thread, whose lookups share its garbage collector. */
const largeValues = new LargeValues()

function lookUpStored(
  state: KeyedSnapshot,
  shard: number,
  encoded: Uint8Array,
  decoder: ValueDecoder,
  signal: AbortSignal | undefined,
): unknown {
  const values = state.extra
  if (values === undefined) {
    const peeked = state.peek(shard, encoded)
    if (peeked === null) return readOne(state, shard, copyBytes(encoded), decoder, signal)
    return afterYield(peeked && decoder.decode(peeked, encoded), peeked?.length ?? 0)
  }
  const slot = values.find(shard, encoded)
  if (slot !== undefined) return afterYield(fromCached(slot.value, encoded, decoder), 0)
  // A value in the memory of the engine is not cached here: a second copy saves less than it costs.
  const peeked = state.peek(shard, encoded)
  if (peeked === null) return readAndCache(state, shard, copyBytes(encoded), decoder, signal)
  return afterYield(peeked && decoder.decode(peeked, encoded), peeked?.length ?? 0)
}

/** Looks up one key of a borrowed snapshot in memory; null if it has to be read. */
export function peekOne(
  state: KeyedSnapshot,
  key: Key,
  decoder: ValueDecoder,
  where: string,
): unknown {
  const shard = routeOrMiss(state, key, undefined)
  const { keyEncoding } = state.manifest
  const encoded = encodeLookupKey(key, keyEncoding, where, scratchForLookup(keyEncoding))
  if (shard === undefined || state.manifest.entries[shard]!.url === undefined) return undefined
  const slot = state.extra?.find(shard, encoded)
  if (slot !== undefined) return fromCached(slot.value, encoded, decoder)
  const peeked = state.peek(shard, encoded)
  return peeked && decoder.decode(peeked, encoded)
}

/** A value of this many bytes, which may come from a file, takes the time of another lookup. */
const BYTES_PER_LOOKUP = 4096

/**
 * Returns a value of that many bytes, which was found synchronously; as a promise, if it is time to
 * yield.
 */
function afterYield(value: unknown, bytes: number): unknown {
  largeValues.add(bytes)
  const yielding = yieldEvery(1 + Math.floor(bytes / BYTES_PER_LOOKUP))
  return yielding === undefined ? value : yielding.then(() => value)
}

function fromCached(cached: CachedValue, key: Uint8Array, decoder: ValueDecoder): unknown {
  return cached === undefined ? undefined : decoder.fromCached(cached, key)
}

async function readOne(
  state: KeyedSnapshot,
  shard: number,
  key: Uint8Array,
  decoder: ValueDecoder,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const reading = readShard(state, shard, [key])
  const [value] = signal === undefined ? await reading : await orAbort(reading, signal)
  return value && decoder.decode(value, key)
}

async function readAndCache(
  state: KeyedSnapshot,
  shard: number,
  key: Uint8Array,
  decoder: ValueDecoder,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const loading = state.extra!.load(shard, key, async () => {
    const [value] = await readShard(state, shard, [key])
    return value && decoder.toCached(value, key)
  })
  const cached = signal === undefined ? await loading : await orAbort(loading, signal)
  return fromCached(cached, key, decoder)
}

/**
 * Looks up many keys, in their order; each shard is read once, and only for keys that are not
 * cached.
 */
export async function lookUpMany(
  state: KeyedSnapshot,
  keys: readonly Key[],
  decoder: ValueDecoder,
  where: string,
  options: ReadOptions & { readonly concurrency: number },
): Promise<unknown[]> {
  requireKeyList(keys, where)
  const { keyEncoding, entries } = state.manifest
  const values: unknown[] = keys.map(() => undefined)
  const left =
    options.context === undefined
      ? peekIntegers(state, keys, values as (Uint8Array | undefined)[], where)
      : undefined
  if (left !== undefined) {
    if (decoder.isPlain !== true) {
      const scratch = scratchForLookup(keyEncoding)
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as Uint8Array | undefined
        if (value === undefined) continue
        values[i] = decoder.decode(value, encodeLookupKey(keys[i]!, keyEncoding, where, scratch))
      }
    }
    if (left.size === 0) {
      const turn = yieldEvery(keys.length)
      if (turn !== undefined) await turn
      return values
    }
  }
  const encoded = keys.map((key) => encodeLookupKey(key, keyEncoding, where))
  const groups = left ?? groupByShard(state.router, keys, options.context).groups
  const readings: (() => Promise<void>)[] = []
  for (const [shard, all] of groups) {
    if (entries[shard]!.url === undefined) continue
    const group = new KeyGroup(state, shard, all, encoded)
    group.takeCached(values, decoder)
    if (group.isComplete || group.peek(values, decoder)) continue
    for (const i of group.wanted) {
      if (encoded[i] === keys[i]) encoded[i] = copyBytes(encoded[i]!)
    }
    readings.push(() => group.read(values, decoder))
  }
  if (readings.length === 0) {
    const turn = yieldEvery(keys.length)
    if (turn !== undefined) await turn
    return values
  }
  const limit = pLimit(options.concurrency)
  await orAbort(Promise.all(readings.map((read) => limit(read))), options.signal)
  return values
}

/** The keys of a batch that belong to one shard, by their positions in the batch. */
class KeyGroup {
  readonly #state: KeyedSnapshot
  readonly #shard: number
  readonly #keys: readonly Uint8Array[]
  /** Positions of the keys without a value so far. */
  wanted: readonly number[]

  constructor(
    state: KeyedSnapshot,
    shard: number,
    wanted: readonly number[],
    keys: readonly Uint8Array[],
  ) {
    this.#state = state
    this.#shard = shard
    this.wanted = wanted
    this.#keys = keys
  }

  get isComplete(): boolean {
    return this.wanted.length === 0
  }

  /** Fills in cached values; the other keys stay in `wanted`. */
  takeCached(values: unknown[], decoder: ValueDecoder): void {
    const cache = this.#state.extra
    if (cache === undefined) return
    const wanted: number[] = []
    for (const i of this.wanted) {
      const slot = cache.find(this.#shard, this.#keys[i]!)
      if (slot === undefined) wanted.push(i)
      else if (slot.value !== undefined) values[i] = decoder.fromCached(slot.value, this.#keys[i]!)
    }
    this.wanted = wanted
  }

  /**
   * Fills in the values of the keys in `wanted` if all are in the memory of the engine; false
   * otherwise.
   */
  peek(values: unknown[], decoder: ValueDecoder): boolean {
    const { wanted } = this
    const found = this.#state.peekMany(this.#shard, this.#wantedKeys())
    if (found === null) return false
    for (let n = 0; n < found.length; n++) {
      const value = found[n]
      if (value !== undefined) values[wanted[n]!] = decoder.decode(value, this.#keys[wanted[n]!]!)
    }
    return true
  }

  /** Reads the keys in `wanted` in one call. */
  async read(values: unknown[], decoder: ValueDecoder): Promise<void> {
    const keys = this.#wantedKeys()
    const found = await readShard(this.#state, this.#shard, keys)
    const cache = this.#state.extra
    for (let n = 0; n < found.length; n++) {
      const value = found[n]
      const i = this.wanted[n]!
      if (cache === undefined) values[i] = value && decoder.decode(value, keys[n]!)
      else {
        const cached = value && decoder.toCached(value, keys[n]!)
        cache.set(this.#shard, keys[n]!, cached)
        values[i] = fromCached(cached, keys[n]!, decoder)
      }
    }
  }

  #wantedKeys(): readonly Uint8Array[] {
    const { wanted } = this
    // All keys of the batch, in their order, if they belong to one shard.
    return wanted.length === this.#keys.length ? this.#keys : wanted.map((i) => this.#keys[i]!)
  }
}

function readShard(
  state: KeyedSnapshot,
  shard: number,
  keys: readonly Uint8Array[],
): Promise<(Uint8Array | undefined)[]> {
  return state.use(shard, (reader) => reader.getMany(keys))
}

/**
 * Returns the shard of a key; `undefined` if a categorical snapshot has no shard for it, so that
 * the key cannot exist.
 */
function routeOrMiss(
  state: KeyedSnapshot,
  key: Key,
  context: RoutingContext | undefined,
): number | undefined {
  try {
    return state.router.route(key, context)
  } catch (error) {
    if (isUnknownRoutingToken(error)) return undefined
    throw error
  }
}
