import assert from 'node:assert/strict'
import { createReadStream, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { arrowRecords, type ArrowSource } from '@shardyfusion/input'
import { PYARROW } from './support/expected.js'
import { golden, rowsOf } from './support/golden.js'

for (const name of ['pyarrow.arrow', 'pyarrow.arrows']) {
  test(`${name}: every type and absent value is exact`, async () => {
    assert.deepEqual(await rowsOf(arrowRecords(golden(name))), PYARROW)
  })
}

test('a source is a path, a URL, bytes, or a stream of them', async () => {
  const path = golden('pyarrow.arrows')
  const sources: ArrowSource[] = [
    pathToFileURL(path),
    new Uint8Array(readFileSync(path)),
    new Uint8Array(readFileSync(golden('pyarrow.arrow'))),
    createReadStream(path, { highWaterMark: 100 }) as AsyncIterable<Uint8Array>,
  ]
  for (const source of sources) assert.deepEqual(await rowsOf(arrowRecords(source)), PYARROW)
})

test('chosen columns come in the chosen order, one batch of rows per record batch', async () => {
  const records = arrowRecords(golden('pyarrow.arrow'), { columns: ['name', 'id'] })
  const batches: unknown[] = []
  for await (const batch of records.batches()) batches.push(batch.map((row) => Object.keys(row)))
  const names = ['name', 'id']
  assert.deepEqual(batches, [[names, names, names], [names]])
})

test('info names columns and types', async () => {
  const { rows, columns } = await arrowRecords(golden('pyarrow.arrows')).info()
  assert.equal(rows, undefined)
  assert.deepEqual(columns[0], { name: 'id', type: 'Int64' })
})

test('a misspelt option is refused by name', () => {
  assert.throws(() => arrowRecords('x', { colums: ['id'] } as object), {
    name: 'InputError',
    message: 'arrowRecords: unknown option "colums"; the options are columns, signal',
  })
})

test('files and columns that cannot be read are named, with what exists', async () => {
  const cases: [string, RegExp, string[]?][] = [
    ['/nowhere/x.arrow', /\/nowhere\/x\.arrow cannot be read: ENOENT/],
    [
      golden('duckdb.parquet'),
      /expected an Arrow IPC file or stream, but .*duckdb\.parquet cannot be read: it does not begin as one; check its format$/,
    ],
    [
      golden('pyarrow.arrow'),
      /pyarrow\.arrow has no column "prise"; its columns are: id, small/,
      ['prise'],
    ],
  ]
  for (const [source, message, columns] of cases)
    await assert.rejects(rowsOf(arrowRecords(source, { columns })), { name: 'InputError', message })
})

test('a source that is none is refused by what it is', async () => {
  for (const [source, message] of [
    [undefined, /expected a path, .* got undefined$/],
    [{ rows: [] }, /expected a path, .* got an object of type Object$/],
    ['https://a.example/x.arrow', /expected a path, .* got a URL of https:/],
  ] as const)
    await assert.rejects(rowsOf(arrowRecords(source as never)), { name: 'InputError', message })
})

test('an abort ends the wait for pieces that never come, and closes their source', async () => {
  const bytes = new Uint8Array(readFileSync(golden('pyarrow.arrows')))
  for (const pieces of [[], [bytes.subarray(0, -8)]]) {
    const controller = new AbortController()
    const reason = new Error('enough')
    async function* source(): AsyncGenerator<Uint8Array> {
      yield* pieces
      queueMicrotask(() => controller.abort(reason))
      await new Promise(() => {})
    }
    const records = arrowRecords(source(), { signal: controller.signal })
    await assert.rejects(rowsOf(records), reason)
  }
})

test('an early end closes the source of the pieces', async () => {
  const bytes = new Uint8Array(readFileSync(golden('pyarrow.arrows')))
  let closed = 0
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < bytes.length; at += 512) yield bytes.subarray(at, at + 512)
    } finally {
      closed++
    }
  }
  for await (const row of arrowRecords(source())) {
    assert.equal(row['id'], 1n)
    break
  }
  assert.equal(closed, 1)
})

test('a stream that was cut is an error, and not a smaller table', async () => {
  const bytes = new Uint8Array(readFileSync(golden('pyarrow.arrows')))
  for (const length of [bytes.length - 8, bytes.length - 100, 2_000, 100]) {
    await assert.rejects(rowsOf(arrowRecords(bytes.slice(0, length))), { name: 'InputError' })
  }
})
