import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { clearMemoryStore } from '@shardyfusion/core/testing'
import { type ParquetSource, parquetRecords } from '@shardyfusion/input'
import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { DUCKDB, PYARROW, SPARK, SPARK_INT96 } from './support/expected.js'
import { golden, rowsOf } from './support/golden.js'

for (const compression of ['none', 'snappy', 'gzip', 'zstd', 'lz4', 'brotli']) {
  test(`pyarrow, ${compression}: every type and absent value is exact`, async () => {
    assert.deepEqual(
      await rowsOf(parquetRecords(golden(`pyarrow-${compression}.parquet`))),
      PYARROW,
    )
  })
}

test('pyarrow, INT96 and data pages of version 2: timestamps have nanoseconds', async () => {
  const rows = await rowsOf(parquetRecords(golden('pyarrow-v1-int96.parquet')))
  assert.equal(rows[0]!['ts_ns'], '2026-01-02T03:04:05.678901234Z')
  assert.equal(rows[2]!['ts_us'], '1969-12-31T23:59:59.999999000Z')
  assert.deepEqual(rows[3]!['list'], PYARROW[3]!['list'])
})

const others = { 'spark-legacy': SPARK, 'spark-int96': SPARK_INT96, duckdb: DUCKDB }
for (const [name, expected] of Object.entries(others)) {
  test(`${name}: rows are those its writer had`, async () => {
    assert.deepEqual(await rowsOf(parquetRecords(golden(`${name}.parquet`))), expected)
  })
}

test('a file is a path, a URL, bytes, a Blob, or anything read by range', async () => {
  const path = golden('pyarrow-zstd.parquet')
  const bytes = new Uint8Array(readFileSync(path))
  const padded = new Uint8Array([0, 0, ...bytes, 0]).subarray(2, -1)
  const sources: ParquetSource[] = [
    pathToFileURL(path),
    pathToFileURL(path).href,
    padded,
    bytes.buffer,
    new Blob([bytes]),
    {
      byteLength: bytes.length,
      slice: (start: number, end?: number) => bytes.buffer.slice(start, end),
    },
  ]
  for (const source of sources) assert.deepEqual(await rowsOf(parquetRecords(source)), PYARROW)
})

test('only the chosen columns are fetched, in the chosen order', async () => {
  const bytes = readFileSync(golden('pyarrow-none.parquet'))
  let fetched = 0
  const source = {
    byteLength: bytes.length,
    slice: (start: number, end = bytes.length): ArrayBuffer => {
      fetched += end - start
      return new Uint8Array(bytes.subarray(start, end)).buffer
    },
  }
  const rows = await rowsOf(parquetRecords(source, { columns: ['name', 'id'] }))
  assert.deepEqual(
    rows.map((row) => Object.entries(row)),
    PYARROW.map(({ name, id }) => [
      ['name', name],
      ['id', id],
    ]),
  )
  const one = fetched
  fetched = 0
  await rowsOf(parquetRecords(source))
  // The footer is as large as the data of this file.
  assert.ok(one < fetched - 2_000, `${one} of ${fetched} bytes`)
})

test('info names rows, columns and types without reading data', async () => {
  const { rows, columns } = await parquetRecords(golden('pyarrow-none.parquet')).info()
  assert.equal(rows, 4)
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]))
  assert.equal(types['dec'], 'DECIMAL(19, 2)')
  assert.equal(types['ts_us'], 'TIMESTAMP(MICROS, UTC)')
  assert.equal(types['ts_ns'], 'TIMESTAMP(NANOS)')
})

test('binary columns without annotation are text if asked', async () => {
  const rows = await rowsOf(
    parquetRecords(golden('pyarrow-none.parquet'), { columns: ['bin'], binary: 'text' }),
  )
  assert.equal(rows[3]!['bin'], 'abc')
})

test('batches are as large as asked, and an early end closes the file', async () => {
  const records = parquetRecords(golden('pyarrow-zstd.parquet'), { batchRows: 2 })
  const sizes: number[] = []
  // Row groups of 3 and 1 rows.
  for await (const batch of records.batches()) sizes.push(batch.length)
  assert.deepEqual(sizes, [2, 1, 1])
  for await (const row of records) {
    assert.equal(row['id'], 1n)
    break
  }
  assert.equal((await rowsOf(records)).length, 4)
})

test('an aborted signal ends the iteration with its reason', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const records = parquetRecords(golden('pyarrow-zstd.parquet'), {
    batchRows: 1,
    signal: controller.signal,
  })
  const seen: unknown[] = []
  await assert.rejects(async () => {
    for await (const row of records) {
      seen.push(row['id'])
      controller.abort(reason)
    }
  }, reason)
  assert.deepEqual(seen, [1n])
})

test('files and columns that cannot be read are named, with what exists', async () => {
  const cases: [ParquetSource, RegExp, string[]?][] = [
    ['/nowhere/x.parquet', /cannot read \/nowhere\/x\.parquet: ENOENT/],
    [new TextEncoder().encode('id,name\n1,rope'), /does not start with PAR1/],
    [new Uint8Array(0), /does not start with PAR1/],
    [
      golden('duckdb.parquet'),
      /duckdb\.parquet has no column "prise"; its columns are: id, name, dec/,
      ['prise'],
    ],
    [5 as unknown as string, /expected a path, .* got 5$/],
    [{ slice() {} } as never, /expected a path, .* got an object of type Object$/],
    [new Response('x') as never, /expected a path, .* got an object of type Response$/],
    ['https://a.example/x.parquet', /expected a path, .* got a URL of https:\/\/; download/],
    [new URL('s3://bucket/x.parquet'), /expected a path, .* got a URL of s3:; download/],
  ]
  for (const [source, message, columns] of cases)
    await assert.rejects(rowsOf(parquetRecords(source, { columns })), {
      name: 'InputError',
      message,
    })
  assert.throws(
    () => parquetRecords('x', { batchRows: 0 }),
    /batchRows must be an integer of 1 or more/,
  )
  assert.throws(() => parquetRecords('x', { colums: ['id'] } as object), {
    name: 'InputError',
    message:
      'parquetRecords: unknown option "colums"; the options are columns, binary, batchRows, signal',
  })
  assert.throws(
    () => parquetRecords('x', { columns: 'id' as never }),
    /parquetRecords: columns must be a list of names/,
  )
})

test('a file that was cut is called that, with its size', async () => {
  const bytes = new Uint8Array(readFileSync(golden('pyarrow-zstd.parquet')))
  for (const length of [bytes.length - 1, bytes.length - 100, 100])
    await assert.rejects(rowsOf(parquetRecords(bytes.slice(0, length))), {
      name: 'InputError',
      message: new RegExp(
        `^parquetRecords: expected PAR1 at the end of the buffer, got another end after ${length} bytes: .*; copy it again`,
      ),
    })
})

test('a source read by range may return views, and is named if it returns too little', async () => {
  const bytes = readFileSync(golden('pyarrow-zstd.parquet'))
  const { byteLength } = bytes
  const views = { byteLength, slice: (from: number, to?: number) => bytes.subarray(from, to) }
  assert.equal((await rowsOf(parquetRecords(views))).length, 4)
  const short = { byteLength, slice: (from: number) => bytes.subarray(from, from + 2) }
  await assert.rejects(rowsOf(parquetRecords(short)), {
    name: 'InputError',
    message: 'parquetRecords: slice(0, 4) of the source must return 4 bytes, got 2 bytes',
  })
  const empty = { byteLength, slice: () => undefined as never }
  await assert.rejects(rowsOf(parquetRecords(empty)), /must return 4 bytes, got undefined$/)
})

test('an abort ends a read that hangs, of rows and of info', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const bytes = readFileSync(golden('pyarrow-zstd.parquet'))
  let reads = 0
  const source = {
    byteLength: bytes.byteLength,
    slice(from: number, to?: number): Uint8Array | Promise<Uint8Array> {
      // The third read is that of a column.
      if (++reads < 3) return bytes.subarray(from, to)
      queueMicrotask(() => controller.abort(reason))
      return new Promise(() => {})
    },
  }
  const records = parquetRecords(source as ParquetSource, { signal: controller.signal })
  await assert.rejects(rowsOf(records), reason)
  await assert.rejects(records.info(), reason)
})

test('a signal that is not one is refused', () => {
  const controller = new AbortController()
  assert.throws(() => parquetRecords('x', { signal: controller as never }), {
    name: 'InputError',
    message: 'parquetRecords: signal must be an AbortSignal, got an object of type AbortController',
  })
})

test('law: rows come back as they were written, whatever the sizes of groups and pages', async () => {
  const row = fc.record(
    {
      id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      text: fc.option(fc.string()),
      number: fc.option(fc.double({ noNaN: true })),
    },
    { noNullPrototype: true },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 70 }),
      async (rows, rowGroupSize, batchRows) => {
        const file = parquetWriteBuffer({
          rowGroupSize,
          columnData: [
            { name: 'id', data: rows.map(({ id }) => id), type: 'INT64' },
            { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' },
            { name: 'number', data: rows.map(({ number }) => number), type: 'DOUBLE' },
          ],
        })
        assert.deepEqual(await rowsOf(parquetRecords(file, { batchRows })), rows)
      },
    ),
    { numRuns: 60 },
  )
})

test('damaged files end with an error of this package or with rows, in bounded time', async () => {
  const original = new Uint8Array(readFileSync(golden('pyarrow-snappy.parquet')))
  let failed = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ at: fc.nat(original.length - 1), byte: fc.nat(255) }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.option(fc.nat(original.length)),
      async (changes, length) => {
        const bytes = original.slice(0, length ?? original.length)
        for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte
        try {
          await rowsOf(parquetRecords(bytes))
        } catch (error) {
          failed++
          assert.equal((error as Error).name, 'InputError', String((error as Error).stack))
        }
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(failed > 50)
})

test('a Parquet file becomes a snapshot, with large keys exact', async (t) => {
  const prefix = 'memory://input-parquet/prices'
  t.after(() => clearMemoryStore('input-parquet'))
  const records = parquetRecords(golden('duckdb.parquet'), { columns: ['id', 'name'] })
  await writeSnapshot(records, {
    prefix,
    sharding: { shards: 2 },
    key: (row) => row['id'] as bigint,
    value: (row) => (row['name'] as string | null) ?? 'none',
    values: 'utf8',
  })
  const reader = await SnapshotReader.open({ prefix, values: 'utf8' })
  t.after(() => reader.close())
  assert.equal(await reader.get(1n), 'rope')
  assert.equal(await reader.get(2n ** 53n + 1n), 'none')
})
