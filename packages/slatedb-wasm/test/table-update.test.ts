import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MemoryStore,
  setCacheBudget,
  SlateDbError,
  SlateDbReader,
  SlateDbTableUpdate,
  SlateDbTableWriter,
  type Entry,
} from 'slatedb-wasm'
import { IS_SOAK, soak } from '@shardyfusion/test-support/soak'
import { asText, bytes, numberedRows, openReader, readAll, writeDatabase } from './support/rows.js'
import { fixChecksum, partsOf } from './support/table-parts.js'
import { randomNumbers } from './support/table-programs.js'
import { runUpdateProgram, update } from './support/update-programs.js'

const SOAK_MS = soak(0, 15_000)
const seed = Number(process.env['SHARDYFUSION_SEED'] ?? (IS_SOAK ? Date.now() % 1e9 : 1))

async function build(
  rows: readonly Entry[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<MemoryStore> {
  const store = new MemoryStore()
  await using writer = await SlateDbTableWriter.open({ store, settings })
  await writer.write(rows)
  await writer.seal()
  return store
}

function tableOf(store: MemoryStore): [path: string, table: Uint8Array] {
  const [found] = store.list('compacted')
  return [found!.path, store.get(found!.path)!]
}

/** Rows whose values do not become smaller when they are packed. */
function noisyRows(count: number): Entry[] {
  const random = randomNumbers(3)
  return numberedRows(count, 0).map(([key]) => [
    key,
    Uint8Array.from({ length: 100 }, () => random(256)),
  ])
}

test('random updates of updates leave what a Map has, with exact counts', async () => {
  let several = 0
  let programs = 0
  const end = performance.now() + SOAK_MS
  while (programs < 300 || performance.now() < end) {
    const { tables } = await runUpdateProgram(seed + programs)
    programs++
    if (tables > 1) several++
  }
  await setCacheBudget(64 << 20)
  assert.ok(several >= programs / 10, `${several} of ${programs} programs made several tables`)
})

for (const codec of [null, 'Snappy']) {
  test(`blocks without changes are copied as they are (codec ${codec})`, async () => {
    const settings = { compression_codec: codec }
    const rows = noisyRows(20_000)
    const store = await build(rows, settings)
    const [, before] = tableOf(store)
    const to = new MemoryStore()
    const changes = [[rows[10_000]![0], bytes('new')]] as const
    const { counts } = await update(store, to, changes, settings)
    assert.deepEqual(counts, {
      read: 20_000,
      written: 20_000,
      inserted: 0,
      replaced: 1,
      deleted: 0,
    })
    const [, after] = tableOf(to)
    const hash = (table: Uint8Array) =>
      partsOf(table).map(({ start, end }) =>
        Buffer.from(table.slice(start, end)).toString('latin1'),
      )
    const old = new Set(hash(before))
    const fresh = hash(after).filter((part) => !old.has(part))
    // The block of the change, filter or index or statistics, and the description.
    assert.ok(old.size > 500 && fresh.length <= 5, `${fresh.length} of ${old.size} parts are new`)
  })
}

test('many small updates do not leave small blocks', async () => {
  const random = randomNumbers(5)
  const key = () => bytes(`key-${String(random(30_000)).padStart(6, '0')}`)
  const model = new Map<string, Entry>()
  for (const row of noisyRows(10_000)) model.set(String(row[0]), row)
  let store = await build([...model.values()])
  for (let round = 0; round < 40; round++) {
    const changes = new Map<string, readonly [Uint8Array, Uint8Array | undefined]>()
    for (let n = 0; n < 400; n++) {
      const changed = key()
      changes.set(String(changed), [changed, random(2) === 0 ? undefined : new Uint8Array(100)])
    }
    for (const [name, [changed, value]] of changes) {
      if (value === undefined) model.delete(name)
      else model.set(name, [changed, value])
    }
    const to = new MemoryStore()
    const sorted = [...changes.values()].sort(([a], [b]) => Buffer.compare(a, b))
    await update(store, to, sorted, { compression_codec: null })
    store = to
  }
  const rows = [...model.values()].sort(([a], [b]) => Buffer.compare(a, b))
  await using reader = await SlateDbReader.open({ store })
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
  const blocks = (table: Uint8Array) => partsOf(table).length
  const [updated, built] = [
    tableOf(store)[1],
    tableOf(await build(rows, { compression_codec: null }))[1],
  ]
  assert.ok(blocks(updated) <= 1.5 * blocks(built), `${blocks(updated)}, ${blocks(built)} if built`)
  assert.ok(updated.length <= 1.1 * built.length, `${updated.length}, ${built.length} if built`)
})

test('changes must ascend, say what they do and come before the end', async () => {
  const store = await build(numberedRows(100))
  await using base = await SlateDbReader.open({ store })
  const put = (key: string): Entry => [bytes(key), Uint8Array.of(1, 2)]
  const wrong: readonly [readonly Entry[], RegExp][] = [
    [[put('b'), put('a')], /must ascend/],
    [[put('a'), put('a')], /must ascend/],
    [[[bytes('a'), Uint8Array.of()]], /begins with 1 \(put\) or 0 \(delete\)/],
    [[[bytes('a'), Uint8Array.of(2)]], /begins with 1 \(put\) or 0 \(delete\)/],
  ]
  for (const [changes, message] of wrong) {
    await using made = SlateDbTableUpdate.open({ store: new MemoryStore(), base })
    assert.throws(() => made.add(changes), { kind: 'Invalid', message })
    assert.throws(() => made.add(undefined), { kind: 'Closed' })
  }
  await using made = SlateDbTableUpdate.open({ store: new MemoryStore(), base })
  made.add([put('a')])
  await assert.rejects(made.seal(), { kind: 'Invalid', message: /not ended/ })
  await using late = SlateDbTableUpdate.open({ store: new MemoryStore(), base })
  late.add(undefined)
  assert.throws(() => late.add([put('a')]), { kind: 'Invalid', message: /were ended/ })
})

test('a database of a live writer cannot be updated, and says so', async (t) => {
  const store = new MemoryStore()
  await writeDatabase(store, numberedRows(100))
  await writeDatabase(store, numberedRows(200).slice(50))
  const base = await openReader(t, store)
  assert.equal(base.canBeUpdated, false)
  assert.throws(() => SlateDbTableUpdate.open({ store: new MemoryStore(), base }), {
    kind: 'Invalid',
    message: /read one by one/,
  })
  assert.equal((await openReader(t, await build(numberedRows(3)))).canBeUpdated, true)
})

for (const codec of [null, 'Snappy']) {
  test(`a damaged byte is an error and never another table (codec ${codec})`, async () => {
    const rows = numberedRows(300)
    const store = await build(rows, { compression_codec: codec })
    const [path, table] = tableOf(store)
    const blocks = partsOf(table)
    const random = randomNumbers(seed)
    for (let run = 0; run < soak(300, 3000); run++) {
      const damaged = copyOf(store)
      const changed = table.slice()
      changed[random(blocks.at(-1)!.end)]! ^= 1 << random(8)
      damaged.put(path, changed)
      await updatesOrFails(damaged, rows)
    }
  })

  test(`wrong rows with right checksums are an error or those rows (codec ${codec})`, async () => {
    const rows = numberedRows(300)
    const store = await build(rows, { compression_codec: codec })
    const [path, table] = tableOf(store)
    const parts = partsOf(table)
    const random = randomNumbers(seed)
    for (let run = 0; run < soak(300, 3000); run++) {
      const damaged = copyOf(store)
      const changed = table.slice()
      const part = parts[random(parts.length)]!
      for (let n = random(3); n >= 0; n--)
        changed[part.start + random(part.end - 4 - part.start)] = random(256)
      fixChecksum(changed, part)
      damaged.put(path, changed)
      await updatesOrFails(damaged, undefined)
    }
  })
}

function copyOf(store: MemoryStore): MemoryStore {
  const copy = new MemoryStore()
  for (const { path } of store.list('')) copy.put(path, store.get(path)!)
  return copy
}

/** Without `rows`, the new database has to have the rows that a scan of the old one finds, in order. */
async function updatesOrFails(
  store: MemoryStore,
  rows: readonly Entry[] | undefined,
): Promise<void> {
  const to = new MemoryStore()
  try {
    await update(store, to, [[bytes('key-000100x'), bytes('new')]])
  } catch (error) {
    assert.ok(error instanceof SlateDbError, String(error))
    assert.ok(
      ['Data', 'TooLarge', 'Invalid'].includes(error.kind),
      `${error.kind}: ${error.message}`,
    )
    return
  }
  await using reader = await SlateDbReader.open({ store })
  const old = rows === undefined ? await readAll(reader.scan()) : asText(rows)
  await using updated = await SlateDbReader.open({ store: to })
  const found = await readAll(updated.scan())
  assert.deepEqual(
    found.filter(([key]) => key !== 'key-000100x'),
    old,
  )
  assert.equal(found.length, old.length + 1)
  const order = found.map(([key]) => Buffer.from(key, 'latin1'))
  for (let i = 1; i < order.length; i++) assert.ok(Buffer.compare(order[i - 1]!, order[i]!) < 0)
}
