import {
  MemoryStore,
  setCacheBudget,
  SlateDbReader,
  SlateDbTableWriter,
  type Entry,
} from 'slatedb-wasm'
import { NowStore } from './now-store.js'
import { asText, bytes, readAll, text } from './rows.js'

/** A generator of numbers below a bound, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

type Random = (below: number) => number

/** `undefined` packs where it pays. */
export const CODECS = [undefined, undefined, null, 'Snappy', 'Lz4', 'Zlib', 'Zstd']

/** Keys of one kind: eight bytes, a common prefix, any bytes, or nearly equal ones. */
export function keyMaker(random: Random): () => Uint8Array {
  const span = 1 + random([4, 40, 400][random(3)]!)
  const kinds: readonly (() => Uint8Array)[] = [
    () => {
      const key = new Uint8Array(8)
      new DataView(key.buffer).setBigUint64(0, BigInt(random(span)) * 1_000_003n)
      return key
    },
    () => bytes(`user:${String(random(span)).padStart(random(2) === 0 ? 1 : 12, '0')}`),
    () => Uint8Array.from({ length: 1 + random(12) }, () => random(3) * 127),
    () => bytes('a'.repeat(1 + random(span))),
  ]
  return kinds[random(kinds.length)]!
}

export function valueMaker(random: Random): () => Uint8Array {
  const bound = [1, 20, 200, 3000][random(4)]!
  // A few are so large that they do not pass through the cache.
  const largest = random(4) === 0 ? 60_000 : bound
  return () => new Uint8Array(random(random(50) === 0 ? largest : bound)).fill(random(256))
}

/**
 * Writes rows in a random order to a writer with little memory, and compares what a reader finds with a Map.
 *
 * Throws with the seed if they differ.
 */
export async function runTableProgram(seed: number): Promise<{ parts: number; tables: number }> {
  const random = randomNumbers(seed)
  const model = new Map<string, Entry>()
  const store = new NowStore()
  store.isReady = random(2) === 0
  let parts = 0
  const temporary = new MemoryStore()
  const key = keyMaker(random)
  const value = valueMaker(random)
  const settings: Record<string, unknown> = {
    compression_codec: CODECS[random(CODECS.length)],
    min_filter_keys: random(2) * 1000,
  }
  if (random(2) === 0) settings['l0_sst_size_bytes'] = 1024 + random(8192)
  const writer = await SlateDbTableWriter.open({
    store,
    settings,
    memoryBytes: [1024, 16_384, 1 << 20][random(3)]!,
    ...(random(4) > 0 && {
      parts: {
        get: (path, start, end) => temporary.get(path, start, end),
        put: (path, content, ifAbsent) => {
          parts++
          return temporary.put(path, content, ifAbsent)
        },
        delete: (path) => temporary.delete(path),
      },
    }),
  })
  try {
    for (let chunks = random(12); chunks > 0; chunks--) {
      const chunk: Entry[] = []
      for (let rows = random(30); rows > 0; rows--) chunk.push([key(), value()])
      if (chunk.length === 0) continue
      for (const entry of chunk) model.set(text(entry[0])!, entry)
      await writer.write(chunk)
    }
    await writer.seal()
  } finally {
    await writer.close()
  }
  const expected = asText([...model.values()]).sort(([a], [b]) => (a < b ? -1 : 1))
  const left = [...temporary.list(''), ...store.list('parts')]
  same(seed, left.length, 0)
  // From next to nothing, so that blocks are read again and again, up to everything.
  await setCacheBudget([2_000, 50_000, 64 << 20][random(3)]!)
  for (const reverse of [false, random(2) === 0]) {
    const reader = await SlateDbReader.open({ store })
    try {
      const found = await readAll(reader.scan({}, { reverse }))
      same(seed, found, reverse ? expected.toReversed() : expected)
      const keys = [...expected.map(([name]) => Buffer.from(name, 'latin1')), ...absent(random)]
      const values = await reader.getMany(keys)
      same(
        seed,
        values.map(text),
        keys.map((name) => text(model.get(text(name)!)?.[1])),
      )
      await comparePeeks(seed, reader, keys, values)
    } finally {
      await reader.close()
    }
  }
  const objects = [...store.list('compacted')]
  return { parts, tables: objects.length }
}

/** Compares lookups of one key and of keys of one length with the values that were found. */
async function comparePeeks(
  seed: number,
  reader: SlateDbReader,
  keys: readonly Uint8Array[],
  values: readonly (Uint8Array | undefined)[],
): Promise<void> {
  // The second time, blocks have a directory.
  for (let time = 0; time < 2; time++) {
    for (const [i, key] of keys.entries()) {
      const peeked = reader.peek(key)
      const value = peeked === null ? await reader.get(key) : peeked
      same(seed, text(value), text(values[i]))
    }
  }
  for (const length of new Set(keys.map((key) => key.length))) {
    const members = [...keys.keys()].filter((i) => keys[i]!.length === length)
    const found: (Uint8Array | undefined)[] = keys.map(() => undefined)
    const packed = Buffer.concat(members.map((i) => keys[i]!))
    if (!reader.peekKeys(packed, length, found, Int32Array.from(members))) continue
    for (const i of members) same(seed, text(found[i]), text(values[i]))
  }
}

function absent(random: Random): Uint8Array[] {
  return Array.from({ length: 3 }, () => Uint8Array.from({ length: 9 }, () => random(256)))
}

function same(seed: number, found: unknown, expected: unknown): void {
  const [is, was] = [JSON.stringify(found), JSON.stringify(expected)]
  if (is !== was) throw new Error(`program ${seed}: found ${is}, expected ${was}`)
}
