import { SlateDbReader, SlateDbTableWriter, MemoryStore, type Entry } from 'slatedb-wasm'
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
const CODECS = [undefined, undefined, null, 'Snappy', 'Lz4', 'Zlib', 'Zstd']

/** Keys of one kind: eight bytes, a common prefix, any bytes, or nearly equal ones. */
function keyMaker(random: Random): () => Uint8Array {
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

function valueMaker(random: Random): () => Uint8Array {
  const bound = [1, 20, 200, 3000][random(4)]!
  return () => new Uint8Array(random(bound)).fill(random(256))
}

/**
 * Writes rows in a random order to a writer with little memory, and compares what a reader finds with a Map.
 *
 * Throws with the seed if they differ.
 */
export async function runTableProgram(seed: number): Promise<{ parts: number; tables: number }> {
  const random = randomNumbers(seed)
  const model = new Map<string, Entry>()
  const store = new MemoryStore()
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
    } finally {
      await reader.close()
    }
  }
  const objects = [...store.list('compacted')]
  return { parts, tables: objects.length }
}

function absent(random: Random): Uint8Array[] {
  return Array.from({ length: 3 }, () => Uint8Array.from({ length: 9 }, () => random(256)))
}

function same(seed: number, found: unknown, expected: unknown): void {
  const [is, was] = [JSON.stringify(found), JSON.stringify(expected)]
  if (is !== was) throw new Error(`program ${seed}: found ${is}, expected ${was}`)
}
