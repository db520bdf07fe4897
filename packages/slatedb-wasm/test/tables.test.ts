import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  setCacheBudget,
  SlateDbTableWriter,
  SlateDbWriter,
  type Entry,
} from 'slatedb-wasm'
import { CountingStore } from './support/counting-store.js'
import { NowStore } from './support/now-store.js'
import { bytes, numberedRows, openReader, readAll, text, writeDatabase } from './support/rows.js'

/** Numbers that are the same at every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Keys that share prefixes of many lengths, or none. */
function someKey(pick: (below: number) => number): string {
  const stem = ['', 'a', 'aa', 'customer/', 'customer/0000'][pick(5)]!
  return `${stem}${pick(300)}${'x'.repeat(pick(3))}` || 'x'
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

test('blocks whose first keys differ late are told apart, also where a table begins with a short key', async (t) => {
  const number = (i: number): string => String(i).padStart(9, '0')
  const stems = [['key:'], ['customer/000000000000/'], ['', 'a', 'customer/000000000000/', 'z:']]
  for (const each of stems) {
    const store = new MemoryStore()
    const keys = each.flatMap((stem) =>
      Array.from({ length: 3000 }, (_, i) => `${stem}${number(7 * i)}`),
    )
    const rows = keys.map((key): Entry => [bytes(key), bytes(`value of ${key}`.padEnd(60, '.'))])
    await writeDatabase(
      store,
      rows.toSorted(([a], [b]) => Buffer.compare(a, b)),
    )
    const reader = await openReader(t, store)
    const others = keys.flatMap((key) => [`${key}0`, key.slice(0, -1), `${key.slice(0, -1)}x`])
    const asked = [...keys, ...others, ...each.filter((stem) => stem !== ''), 'k', 'l', '!', '~']
    const written = new Map(keys.map((key) => [key, `value of ${key}`.padEnd(60, '.')]))
    const expected = asked.map((key) => written.get(key))
    assert.deepEqual((await reader.getMany(asked.map(bytes))).map(text), expected)
    // All blocks are in memory now.
    assert.deepEqual(reader.peekMany(asked.map(bytes))?.map(text), expected)
    for (const [i, key] of asked.entries())
      if (i % 97 === 0) assert.equal(text(await reader.get(bytes(key))), expected[i])
  }
})

test('blocks of one row are told apart by the zeros at the end of their keys', async (t) => {
  const store = new NowStore()
  const stems = [1, 2, 3, 250].map((last) => [7, 7, last])
  const zeros = Array.from({ length: 14 }, (_, count) => count)
  const keys = stems.flatMap((stem) =>
    zeros.map((count) => Uint8Array.from([...stem, ...zeros.slice(0, count).map(() => 0)])),
  )
  const there = keys.filter((_, i) => i % 3 !== 1)
  const writer = await SlateDbTableWriter.open({ store })
  await writer.write(there.map((key, i): Entry => [key, new Uint8Array(6000).fill(i)]))
  await writer.seal()
  await writer.close()
  const expected = keys.map((key) => (there.includes(key) ? there.indexOf(key) : undefined))
  await setCacheBudget(0)
  t.after(() => setCacheBudget(64 << 20))
  const reader = await openReader(t, store)
  for (let round = 0; round < 2; round++) {
    const found: (number | undefined)[] = []
    for (const key of keys) found.push((await reader.get(key))?.[5999])
    assert.deepEqual(found, expected)
    const many = await reader.getMany(keys)
    assert.deepEqual(
      many.map((value) => value?.[0]),
      expected,
    )
    // From here on, from memory.
    await setCacheBudget(64 << 20)
  }
})

for (const seed of [1, 2, 3]) {
  test(`whatever tables a database is in, lookups and scans find what was written last (${seed})`, async (t) => {
    const pick = numbers(seed)
    const store = new CountingStore()
    const written = new Map<string, string>()
    const writer = await SlateDbWriter.open({ store })
    const tables = 1 + pick(12)
    for (let table = 0; table < tables; table++) {
      const rows: Entry[] = []
      for (let i = pick(400); i >= 0; i--) {
        const key = someKey(pick)
        const value = `${table}:${i}:`.padEnd(pick(10) === 0 ? 5000 : pick(60), '.')
        written.set(key, value)
        rows.push([bytes(key), bytes(value)])
      }
      await writer.write(rows)
      await writer.flush()
    }
    await writer.close()
    const sorted = [...written].sort(([a], [b]) => bytewise(a, b))

    for (const budget of [64 << 20, 20_000, 0]) {
      await setCacheBudget(budget)
      const reader = await openReader(t, store)
      const keys = Array.from({ length: 700 }, () => someKey(pick))
      const found = await reader.getMany(keys.map(bytes))
      assert.deepEqual(
        found.map(text),
        keys.map((key) => written.get(key)),
      )
      for (const key of keys.slice(0, 40)) {
        assert.equal(text(await reader.get(bytes(key))), written.get(key))
        const known = reader.peek(bytes(key))
        if (known !== null) assert.equal(text(known), written.get(key))
      }
      const known = reader.peekMany(keys.map(bytes))
      if (budget === 64 << 20) assert.ok(known !== null)
      if (known !== null) assert.deepEqual(known.map(text), found.map(text))
      assert.deepEqual(await readAll(reader.scan()), sorted)
      for (let i = 0; i < 20; i++) {
        const [start, end] = [someKey(pick), someKey(pick)].sort(bytewise) as [string, string]
        const expected = sorted.filter(
          ([key]) => bytewise(key, start) >= 0 && bytewise(key, end) < 0,
        )
        const range = { start: bytes(start), end: bytes(end) }
        const options = {
          readAheadBytes: 1 + pick(100_000),
          fetchTasks: 1 + pick(4),
          keepBlocks: pick(2) === 0,
        }
        assert.deepEqual(await readAll(reader.scan(range, options)), expected)
        const reversed = reader.scan(range, { ...options, reverse: true })
        assert.deepEqual(await readAll(reversed), expected.toReversed())
      }
    }
    await setCacheBudget(64 << 20)
  })
}

test('peek: null as long as the store would have to be asked, undefined for what is not there', async (t) => {
  const store = new CountingStore()
  const rows = numberedRows(20_000, 100)
  await writeDatabase(store, rows)
  const reader = await openReader(t, store)
  const gets = (): number => store.calls.get
  const before = gets()
  assert.equal(reader.peek(rows[7]![0]), null)
  assert.equal(gets(), before, 'a peek asks for nothing')
  await reader.get(rows[7]![0])
  assert.equal(text(reader.peek(rows[7]![0])!), text(rows[7]![1]))
  assert.equal(reader.peek(bytes('a')), undefined)
  assert.equal(reader.peek(rows[19_999]![0]), null, 'in a block that has not been read')
  assert.throws(() => reader.peek(new Uint8Array()), { kind: 'Invalid' })
  await reader.close()
  assert.throws(() => reader.peek(rows[7]![0]), { kind: 'Closed' })
})

for (const [what, keyOf] of [
  [
    'the same for eight bytes after what all share',
    (i: number) => `a${'/customers/'.repeat(3)}${i}`,
  ],
  ['of one to five bytes', (i: number) => String(i)],
  ['each the beginning of the next', (i: number) => 'k'.repeat(1 + (i % 2_000))],
] as const) {
  test(`keys that are ${what} are found in a table of many blocks, and no others`, async (t) => {
    const store = new MemoryStore()
    const written = new Map(Array.from({ length: 20_000 }, (_, i) => [keyOf(i), `value ${i}`]))
    const sorted = [...written].sort(([a], [b]) => bytewise(a, b))
    await writeDatabase(
      store,
      sorted.map(([key, value]): Entry => [bytes(key), bytes(value)]),
    )
    const reader = await openReader(t, store)
    assert.deepEqual((await readAll(reader.scan({}, { reverse: true }))).toReversed(), sorted)
    const asked = sorted.flatMap(([key]) => [key, `${key}\0`, key.slice(0, -1) || 'x'])
    const found = await reader.getMany(asked.map(bytes))
    assert.deepEqual(
      found.map(text),
      asked.map((key) => written.get(key)),
    )
    for (const key of asked.slice(0, 3_000)) {
      assert.equal(text((await reader.get(bytes(key))) ?? undefined), written.get(key))
    }
  })
}

test('a scan goes on where it was when its reader is asked other things in between', async (t) => {
  const store = new MemoryStore()
  const rows = numberedRows(5000, 100)
  for (const part of [0, 1, 2]) {
    await writeDatabase(
      store,
      rows.filter((_, i) => i % 3 === part),
    )
  }
  const reader = await openReader(t, store)
  const scans = [reader.scan(), reader.scan({ start: rows[100]![0] })]
  let count = 0
  for (let chunk = await scans[0]!.nextChunk(77); chunk; chunk = await scans[0]!.nextChunk(77)) {
    assert.equal(text(chunk.key(0)), text(rows[count]![0]))
    count += chunk.count
    await scans[1]!.nextChunk(13)
    assert.equal(text(await reader.get(rows[count - 1]![0])), text(rows[count - 1]![1]))
  }
  assert.equal(count, rows.length)
  assert.ok(scans[1])
})

test('a table cut short or damaged fails its lookups and scans as Data, and nothing else', async (t) => {
  const sound = new MemoryStore()
  const rows = numberedRows(20_000, 100)
  await writeDatabase(sound, rows)
  const [table] = sound.list('compacted')
  for (const [name, damage] of [
    ['a block', (all: Uint8Array) => all.fill(0xa5, 1000, 1001)],
    ['the filter or index', (all: Uint8Array) => all.fill(0xa5, all.length - 60_000, -200)],
    ['its end is missing', (all: Uint8Array) => all.subarray(0, -40_000)],
    ['nearly all of it is missing', (all: Uint8Array) => all.subarray(0, 100)],
  ] as const) {
    await t.test(name, async (inner) => {
      const store = new MemoryStore()
      for (const { path } of sound.list('')) store.put(path, sound.get(path)!)
      store.put(table!.path, damage(sound.get(table!.path)!).slice())
      const reader = await openReader(inner, store)
      await assert.rejects(reader.get(rows[3]![0]), { kind: 'Data' })
      await assert.rejects(reader.getMany([rows[3]![0], rows[9000]![0]]), { kind: 'Data' })
      await assert.rejects(readAll(reader.scan()), { kind: 'Data' })
      await assert.rejects(readAll(reader.scan({}, { reverse: true })), { kind: 'Data' })
      const other = await openReader(inner, sound)
      assert.equal(text(await other.get(rows[3]![0])), text(rows[3]![1]))
    })
  }
})
