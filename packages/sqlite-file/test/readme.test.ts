import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
// #region write
import { SqliteFileWriter } from 'sqlite-file'
import { createFileSink } from 'sqlite-file/node'
// #endregion
// #region read
import { SqliteFile } from 'sqlite-file'
import { openFileSource } from 'sqlite-file/node'
// #endregion
// #region source
import type { SqliteSource } from 'sqlite-file'
// #endregion

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

test('the README: a file is written and read back', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-file-readme-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'fruit.db')

  // #region write
  const sink = await createFileSink(path)
  const writer = new SqliteFileWriter(sink)
  const kv = writer.createTable('CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID')
  const fruit = writer.createTable('CREATE TABLE fruit (id INTEGER PRIMARY KEY, name TEXT UNIQUE)')
  kv.put(encode('apple'), encode('red'))
  kv.put(encode('lime'), encode('green'))
  fruit.add([7, 'apple'])
  await writer.finish()
  await sink.close()
  // #endregion

  // #region read
  const source = await openFileSource(path)
  const file = await SqliteFile.open(source)
  const table = file.keyValue('kv')
  await table.get(encode('lime')) // Uint8Array of "green"
  await table.getMany([encode('apple'), encode('pear')]) // the second is undefined
  for await (const chunk of table.scan({ start: encode('b') })) {
    for (const [key, value] of chunk) console.log(key, value)
  }
  await file.table('fruit').get(7) // [7, 'apple']
  await file.table('fruit').index('sqlite_autoindex_fruit_1').find(['apple']) // [[7, 'apple']]
  // #endregion

  assert.deepEqual(await table.get(encode('lime')), encode('green'))
  assert.deepEqual(await table.getMany([encode('apple'), encode('pear')]), [
    encode('red'),
    undefined,
  ])
  assert.deepEqual(await file.table('fruit').get(7), [7, 'apple'])
  const byName = file.table('fruit').index('sqlite_autoindex_fruit_1')
  assert.deepEqual(await byName.find(['apple']), [[7, 'apple']])
  // #region read
  file.close()
  await source.close()
  // #endregion
})

test('the README: a source over HTTP', async (t) => {
  // #region source
  async function httpSource(url: string): Promise<SqliteSource> {
    const { headers } = await fetch(url, { method: 'HEAD' })
    return {
      size: Number(headers.get('content-length')),
      async read(offset, length) {
        const range = `bytes=${offset}-${offset + length - 1}`
        const response = await fetch(url, { headers: { range } })
        if (response.status !== 206) throw new Error(`${url}: status ${response.status}`)
        return new Uint8Array(await response.arrayBuffer())
      },
    }
  }
  // #endregion

  const { keyValueFile, numbered } = await import('./support/files.js')
  const image = await keyValueFile(numbered(10, 10))
  t.mock.method(globalThis, 'fetch', async (_: string, init: RequestInit) => {
    if (init.method === 'HEAD') {
      return new Response(null, { headers: { 'content-length': String(image.length) } })
    }
    const range = (init.headers as { range: string }).range
    const [start, end] = range.slice('bytes='.length).split('-').map(Number)
    return new Response(image.slice(start, end! + 1), { status: 206 })
  })
  const file = await SqliteFile.open(await httpSource('https://example.org/fruit.db'))
  const [row] = numbered(1, 10)
  assert.deepEqual(await file.keyValue('kv').get(row![0]), row![1])
  file.close()
})
