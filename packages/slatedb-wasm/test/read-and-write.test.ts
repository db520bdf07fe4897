import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  EntryChunk,
  MemoryStore,
  OverlayStore,
  SlateDbError,
  SlateDbReader,
  SlateDbWriter,
  slateDbVersion,
  type Entry,
} from 'slatedb-wasm'
import { CountingStore } from './support/counting-store.js'
import {
  asText,
  bytes,
  numberedRows,
  openReader,
  readAll,
  text,
  writeDatabase,
} from './support/rows.js'

test('the package says which SlateDB it holds', async () => {
  assert.equal(await slateDbVersion(), '0.15.0')
})

test('what was written is read back, by key and in order, from stores that answer at once or later', async (t) => {
  const rows = numberedRows(5000)
  for (const store of [new MemoryStore(), new CountingStore()]) {
    await writeDatabase(store, rows)
    const reader = await openReader(t, store)
    assert.equal(text(await reader.get(rows[4321]![0])), text(rows[4321]![1]))
    assert.equal(await reader.get(bytes('absent')), undefined)
    assert.deepEqual(await readAll(reader.scan()), asText(rows))
  }
})

test('getMany: values come in the order of the keys, undefined for those that are not there', async (t) => {
  const store = new CountingStore()
  const rows = numberedRows(3000)
  await writeDatabase(store, rows)
  const reader = await openReader(t, store)
  const picks = [2999, 0, 1500, 0]
  const keys = [bytes('a'), ...picks.map((i) => rows[i]![0]), bytes('z')]
  const expected = [undefined, ...picks.map((i) => text(rows[i]![1])), undefined]
  assert.deepEqual((await reader.getMany(keys)).map(text), expected)
  assert.deepEqual(await reader.getMany([]), [])
})

test('an empty value is not an absent one', async (t) => {
  const store = new MemoryStore()
  await writeDatabase(store, [[bytes('key'), new Uint8Array()]])
  const reader = await openReader(t, store)
  assert.deepEqual(await reader.get(bytes('key')), new Uint8Array())
})

test('the last write of a key wins, in one chunk and across chunks and tables', async (t) => {
  const store = new MemoryStore()
  const writer = await SlateDbWriter.open({ store })
  await writer.write([
    [bytes('a'), bytes('1')],
    [bytes('a'), bytes('2')],
  ])
  await writer.write([[bytes('b'), bytes('1')]])
  await writer.flush()
  await writer.write([[bytes('b'), bytes('2')]])
  await writer.flush()
  await writer.close()
  const reader = await openReader(t, store)
  assert.deepEqual(await readAll(reader.scan()), [
    ['a', '2'],
    ['b', '2'],
  ])
})

test('keys are ordered as unsigned bytes', async (t) => {
  const store = new MemoryStore()
  const keys = [[0xff], [0x00], [0x7f], [0x80], [0x00, 0x00], [0x80, 0x01]]
  await writeDatabase(
    store,
    keys.map((key): Entry => [new Uint8Array(key), bytes('v')]),
  )
  const reader = await openReader(t, store)
  const found: string[] = []
  for await (const chunk of reader.scan()) {
    for (const [key] of chunk) found.push(Buffer.from(key).toString('hex'))
  }
  assert.deepEqual(found, ['00', '0000', '7f', '80', '8001', 'ff'])
})

test('scan: a range takes its start and leaves its end, in both directions', async (t) => {
  const store = new CountingStore()
  const rows = numberedRows(2000)
  await writeDatabase(store, rows)
  const reader = await openReader(t, store)
  const all = asText(rows)
  const range = { start: rows[100]![0], end: rows[1700]![0] }
  assert.deepEqual(await readAll(reader.scan(range)), all.slice(100, 1700))
  assert.deepEqual(
    await readAll(reader.scan(range, { reverse: true })),
    all.slice(100, 1700).toReversed(),
  )
  assert.deepEqual(await readAll(reader.scan({ start: rows[1990]![0] })), all.slice(1990))
  assert.deepEqual(await readAll(reader.scan({ end: rows[10]![0] })), all.slice(0, 10))
  assert.deepEqual(await readAll(reader.scan({}, { reverse: true })), all.toReversed())
  assert.deepEqual(await readAll(reader.scan({ start: new Uint8Array() })), all)
})

test('scan: empty and inverted ranges yield nothing', async (t) => {
  const store = new MemoryStore()
  const rows = numberedRows(10)
  await writeDatabase(store, rows)
  const reader = await openReader(t, store)
  const [low, high] = [rows[2]![0], rows[5]![0]]
  for (const range of [
    { start: low, end: low },
    { start: high, end: low },
    { end: new Uint8Array() },
    { start: bytes('z') },
  ]) {
    assert.equal(await reader.scan(range).nextChunk(), undefined)
    assert.equal(await reader.scan(range, { reverse: true }).nextChunk(), undefined)
  }
})

test('scan: chunks hold at most as many entries and about as many bytes as asked for', async (t) => {
  const store = new MemoryStore()
  await writeDatabase(store, numberedRows(1000, 100))
  const reader = await openReader(t, store)
  const scan = reader.scan()
  assert.equal((await scan.nextChunk(7))?.count, 7)
  assert.equal((await scan.nextChunk(1000, 1000))?.count, 10)
  assert.equal((await scan.nextChunk(2000))?.count, 983)
  assert.equal(await scan.nextChunk(), undefined)
  assert.equal(await scan.nextChunk(), undefined)
})

test('scan: a closed scan yields nothing more, a second call at a time is refused', async (t) => {
  const store = new CountingStore()
  await writeDatabase(store, numberedRows(1000))
  const reader = await openReader(t, store)
  const scan = reader.scan()
  const first = scan.nextChunk(10)
  await assert.rejects(scan.nextChunk(10), { kind: 'Invalid' })
  assert.equal((await first)?.count, 10)
  scan.close()
  scan.close()
  assert.equal(await scan.nextChunk(), undefined)
})

test('large values and keys of every allowed length survive', async (t) => {
  const store = new CountingStore()
  const rows: Entry[] = [
    [new Uint8Array(1).fill(1), new Uint8Array(3_000_000).fill(7)],
    [new Uint8Array(65_535).fill(2), new Uint8Array(100_000).fill(8)],
  ]
  await writeDatabase(store, rows)
  const reader = await openReader(t, store)
  assert.deepEqual(
    (await reader.getMany(rows.map(([key]) => key))).map((value) => value?.length),
    [3_000_000, 100_000],
  )
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
})

test('keys SlateDB cannot hold are refused before anything is written', async (t) => {
  const store = new MemoryStore()
  const writer = await SlateDbWriter.open({ store })
  t.after(() => writer.close())
  for (const key of [new Uint8Array(), new Uint8Array(65_536)]) {
    await assert.rejects(
      writer.write([
        [bytes('good'), bytes('v')],
        [key, bytes('v')],
      ]),
      { kind: 'Invalid' },
    )
  }
  await writer.flush()
  const reader = await openReader(t, store)
  assert.equal(await reader.scan().nextChunk(), undefined)
  await assert.rejects(reader.get(new Uint8Array()), { kind: 'Invalid' })
})

test('bytes that are no packed chunk or list are refused', async (t) => {
  const store = new MemoryStore()
  const writer = await SlateDbWriter.open({ store })
  t.after(() => writer.close())
  const good = EntryChunk.from([[bytes('key'), bytes('value')]]).buffer
  const runsOver = good.slice(0)
  new Uint32Array(runsOver, 16, 2).set([100, 200])
  const runsBack = good.slice(0)
  new Uint32Array(runsBack, 16, 2).set([3, 2])
  for (const chunk of [
    new ArrayBuffer(0),
    new ArrayBuffer(16),
    good.slice(0, 20),
    runsOver,
    runsBack,
  ]) {
    await assert.rejects(async () => writer.writePacked(chunk), { kind: 'Invalid' })
  }
  await writer.writePacked(good)
  await writer.flush()
})

test('many tables are read as one database', async (t) => {
  const store = new CountingStore()
  const rows = numberedRows(20_000, 200)
  await writeDatabase(store, rows, { l0_sst_size_bytes: 256 << 10, max_unflushed_bytes: 512 << 10 })
  const tables = store.objects.list('compacted').length
  assert.ok(tables > 8, `${tables} tables`)
  const reader = await openReader(t, store)
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
  const keys = rows.filter((_, i) => i % 37 === 0)
  const values = await reader.getMany(keys.map(([key]) => key))
  assert.deepEqual(
    values.map(text),
    keys.map(([, value]) => text(value)),
  )
})

test('every codec reads what it wrote, in less room', async (t) => {
  const rows = numberedRows(5000, 200)
  const sizeOf = (store: MemoryStore): number =>
    store.list('compacted').reduce((sum, { size }) => sum + size, 0)
  const plain = new MemoryStore()
  await writeDatabase(plain, rows)
  for (const codec of ['Snappy', 'Lz4', 'Zlib', 'Zstd']) {
    const store = new MemoryStore()
    await writeDatabase(store, rows, { compression_codec: codec })
    assert.ok(sizeOf(store) < sizeOf(plain) / 2, codec)
    const reader = await openReader(t, store)
    assert.deepEqual(await readAll(reader.scan()), asText(rows))
  }
})

test('settings: a name or value SlateDB does not know is refused by name', async () => {
  const open = (settings: Record<string, unknown>): Promise<SlateDbWriter> =>
    SlateDbWriter.open({ store: new MemoryStore(), settings })
  await assert.rejects(open({ l0_sst_size: 1 }), { kind: 'Invalid', message: /"l0_sst_size"/ })
  await assert.rejects(open({ compression_codec: 'Brotli' }), {
    kind: 'Invalid',
    message: /Brotli/,
  })
  await assert.rejects(open({ filter_bits_per_key: 'many' }), { kind: 'Invalid', message: /many/ })
})

test('a reader sees the database as it was when it was opened', async (t) => {
  const store = new MemoryStore()
  await writeDatabase(store, [[bytes('a'), bytes('1')]])
  const reader = await openReader(t, store)
  await writeDatabase(store, [[bytes('a'), bytes('2')]])
  assert.equal(text(await reader.get(bytes('a'))), '1')
  const later = await openReader(t, store)
  assert.equal(text(await later.get(bytes('a'))), '2')
})

test('a database whose rows are in the log alone is read too', async (t) => {
  const store = new CountingStore()
  const writer = await SlateDbWriter.open({
    store,
    settings: { wal_enabled: true, flush_interval: '5ms' },
  })
  const rows = numberedRows(500)
  await writer.write(rows)
  // Opening a second writer fences the first, whose log stays as it is.
  while (store.objects.list('wal').every(({ size }) => size === 0)) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  const copy = new MemoryStore()
  for (const { path } of store.objects.list('')) copy.put(path, store.objects.get(path)!)
  await writer.close()
  assert.deepEqual(copy.list('compacted'), [])
  const reader = await openReader(t, copy)
  assert.deepEqual(await readAll(reader.scan()), asText(rows))
})

test('an overlay takes what is written and leaves the store below as it was', async (t) => {
  const base = new CountingStore()
  await writeDatabase(base, [[bytes('a'), bytes('1')]])
  const before = base.writes
  const overlay = new OverlayStore(base)
  await writeDatabase(overlay, [[bytes('b'), bytes('2')]])
  assert.equal(base.writes, before)
  const reader = await openReader(t, overlay)
  assert.deepEqual(await readAll(reader.scan()), [
    ['a', '1'],
    ['b', '2'],
  ])
  const below = await openReader(t, base)
  assert.deepEqual(await readAll(below.scan()), [['a', '1']])
})

test('what is in the cache is answered at once', async (t) => {
  const store = new CountingStore()
  const rows = numberedRows(1000)
  await writeDatabase(store, rows)
  const reader = await openReader(t, store)
  const keys = [rows[500]![0], bytes('absent'), rows[500]![0]]
  assert.equal(reader.peekMany(keys), null)
  await reader.getMany(keys)
  const warm = reader.peekMany(keys)!
  assert.deepEqual(warm.map(text), [text(rows[500]![1]), undefined, text(rows[500]![1])])
  assert.deepEqual(reader.peekMany([]), [])
})

test('a callback of the store may use the package itself', async (t) => {
  const inner = new CountingStore()
  await writeDatabase(inner, numberedRows(100))
  const helper = await openReader(t, inner)
  const outer = new MemoryStore()
  await writeDatabase(outer, numberedRows(100))
  const seen: (string | undefined)[] = []
  const get = outer.get.bind(outer)
  outer.get = (path, start, end) => {
    void helper.get(bytes('key-000001')).then((value) => seen.push(text(value)))
    return get(path, start, end)
  }
  const reader = await openReader(t, outer)
  assert.equal(text(await reader.get(bytes('key-000002')))?.slice(0, 2), '2:')
  while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(seen[0]?.slice(0, 2), '1:')
})

test('close: idempotent; every call afterwards is refused as Closed', async () => {
  const store = new MemoryStore()
  const writer = await SlateDbWriter.open({ store })
  await writer.write(numberedRows(10))
  await writer.flush()
  await Promise.all([writer.close(), writer.close()])
  await assert.rejects(writer.write(numberedRows(1)), { kind: 'Closed' })
  await assert.rejects(writer.flush(), { kind: 'Closed' })
  const reader = await SlateDbReader.open({ store })
  await Promise.all([reader.close(), reader.close()])
  await assert.rejects(reader.get(bytes('key-000001')), SlateDbError)
  assert.throws(() => reader.scan(), { kind: 'Closed' })
})
