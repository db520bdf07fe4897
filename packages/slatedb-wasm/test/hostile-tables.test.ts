import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { MemoryStore, SlateDbError, SlateDbReader } from 'slatedb-wasm'
import { soak } from '@shardyfusion/test-support/soak'
import { loadEngine } from '#dist/instance.js'
import { bytes, numberedRows, readAll, writeDatabase } from './support/rows.js'
import { fixChecksum, partsOf } from './support/table-parts.js'

// Damage that checksums do not show, because they were made right again: what a hostile writer can do.

const RUNS = soak(200, 3000)
const SEED = Number(process.env['SHARDYFUSION_SEED'] ?? 1)
const MIB = 1 << 20
const KEY = bytes('bomb')
const OTHER = bytes('other')

function tablesOf(store: MemoryStore): [path: string, table: Uint8Array][] {
  return store
    .list('compacted')
    .filter(({ size }) => size > 0)
    .map(({ path }) => [path, store.get(path)!])
}

/** Numbers from 0 to below `n`. */
function generator(seed: number): (n: number) => number {
  let state = seed >>> 0
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

for (const codec of [undefined, 'Zstd', 'Lz4', 'Snappy', 'Zlib']) {
  test(`tables with changed bytes and right checksums fail as data, never the engine (${codec ?? 'not compressed'})`, async () => {
    const base = new MemoryStore()
    const rows = numberedRows(200)
    const settings = codec === undefined ? {} : { compression_codec: codec }
    await writeDatabase(base, rows.slice(0, 120), settings)
    await writeDatabase(base, rows.slice(120), settings)
    const tables = tablesOf(base).map(([path, table]) => ({ path, table, parts: partsOf(table) }))
    assert.ok(tables.length === 2 && tables.every(({ parts }) => parts.length >= 5))
    const random = generator(SEED)
    for (let run = 0; run < RUNS; run++) {
      const { path, table, parts } = tables[random(tables.length)]!
      const part = parts[random(parts.length)]!
      const changed = table.slice()
      for (let n = random(3); n >= 0; n--) {
        // Lengths and numbers of rows stand at the end of a part.
        const room = part.end - 4 - part.start
        const at = random(4) === 0 ? room - 1 - random(Math.min(12, room)) : random(room)
        changed[part.start + at] = random(2) === 0 ? [0, 1, 127, 128, 255][random(5)]! : random(256)
      }
      fixChecksum(changed, part)
      const store = new MemoryStore()
      for (const { path: name } of base.list('')) {
        store.put(name, name === path ? changed : base.get(name)!)
      }
      try {
        await using reader = await SlateDbReader.open({ store, prefetchBytes: random(2) * MIB })
        await reader.get(rows[random(rows.length)]![0])
        await reader.getMany(rows.map(([key]) => key))
        for (const reverse of [false, true]) await readAll(reader.scan({}, { reverse }))
      } catch (error) {
        assert.ok(error instanceof SlateDbError, String(error))
        const { kind, message } = error
        assert.ok(
          ['Data', 'TooLarge', 'Invalid'].includes(kind),
          `seed ${SEED}: ${kind}: ${message}`,
        )
      }
    }
  })
}

/** Bytes of each codec that announce, or become, gigabytes or what is allowed and a little more. */
const bombs: Record<string, (length: number) => Uint8Array> = {
  // A frame of blocks that repeat one byte 131,072 times, four bytes each.
  Zstd: (length) => {
    const frame = new Uint8Array(length)
    frame.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])
    const header = (1 << 1) | (131_072 << 3)
    for (let at = 6; at + 4 <= length; at += 4) {
      const isLast = at + 8 > length ? 1 : 0
      frame.set([(header | isLast) & 255, (header >> 8) & 255, (header >> 16) & 255, 120], at)
    }
    return frame
  },
  Zlib: (length) => {
    const packed = deflateSync(new Uint8Array(60 * MIB), { level: 9 })
    const padded = new Uint8Array(length)
    padded.set(packed.subarray(0, length))
    return padded
  },
  Lz4: (length) => new Uint8Array(length).fill(255),
  Snappy: (length) => {
    const stream = new Uint8Array(length)
    stream.set([0xff, 0xff, 0xff, 0xff, 0x0f])
    return stream
  },
}

for (const [codec, bomb] of Object.entries(bombs)) {
  test(`a small block that unpacks to gigabytes is an error in bounded memory (${codec})`, async () => {
    const store = new MemoryStore()
    const value = crypto.getRandomValues(new Uint8Array(60_000))
    await writeDatabase(
      store,
      [
        [KEY, value],
        [OTHER, bytes('here')],
      ],
      { compression_codec: codec },
    )
    const [path, table] = tablesOf(store)[0]!
    const block = partsOf(table)[0]!
    assert.ok(block.end - block.start >= value.length)
    table.set(bomb(block.end - 4 - block.start), block.start)
    fixChecksum(table, block)
    store.put(path, table)
    const { module } = await loadEngine()
    const memory = (): number => module.initSync(undefined as never).memory.buffer.byteLength
    const before = memory()
    await using reader = await SlateDbReader.open({ store, maxValueBytes: 4 * MIB })
    const refused = (error: SlateDbError): boolean => ['TooLarge', 'Data'].includes(error.kind)
    await assert.rejects(reader.get(KEY), refused)
    await assert.rejects(reader.getMany([KEY, OTHER]), refused)
    await assert.rejects(readAll(reader.scan()), refused)
    await assert.rejects(readAll(reader.scan({}, { reverse: true })), refused)
    assert.ok(memory() - before <= 32 * MIB, `${(memory() - before) / MIB} MiB`)
    assert.equal(Buffer.from((await reader.get(OTHER))!).toString(), 'here')
  })
}

for (const codec of [undefined, 'Zstd']) {
  test(`maxValueBytes: longer values are TooLarge, all others are read (${codec ?? 'not compressed'})`, async () => {
    const store = new MemoryStore()
    const long = new Uint8Array(300_000).fill(7)
    const fits = new Uint8Array(200_000).fill(8)
    const settings = codec === undefined ? {} : { compression_codec: codec }
    await writeDatabase(
      store,
      [
        [KEY, long],
        [OTHER, fits],
      ],
      settings,
    )
    await using reader = await SlateDbReader.open({ store, maxValueBytes: 200_000 })
    assert.deepEqual(await reader.get(OTHER), fits)
    const tooLarge = { kind: 'TooLarge', message: /300000 bytes; the most is 200000 bytes/ }
    await assert.rejects(reader.get(KEY), tooLarge)
    await assert.rejects(reader.getMany([OTHER, KEY]), tooLarge)
    await assert.rejects(readAll(reader.scan()), tooLarge)
    await assert.rejects(readAll(reader.scan({}, { reverse: true })), tooLarge)
    assert.equal((await readAll(reader.scan({ start: bytes('c') }))).length, 1)
    await assert.rejects(SlateDbReader.open({ store, maxValueBytes: 0.5 }), { kind: 'Invalid' })
  })
}

test('values that compress thousandfold are read, however many one request holds', async () => {
  const store = new MemoryStore()
  const rows = numberedRows(400).map(([key], i): [Uint8Array, Uint8Array] => [
    key,
    new Uint8Array(300_000).fill(i),
  ])
  await writeDatabase(store, rows, { compression_codec: 'Zstd' }, 50)
  await using reader = await SlateDbReader.open({ store })
  let count = 0
  for await (const chunk of reader.scan()) {
    for (const [, value] of chunk) {
      assert.deepEqual(
        [value.length, value[0], value[299_999]],
        [300_000, count & 255, count & 255],
      )
      count++
    }
  }
  assert.equal(count, rows.length)
  const found = await reader.getMany(rows.map(([key]) => key))
  assert.ok(found.every((value, i) => value?.length === 300_000 && value[0] === (i & 255)))
})
