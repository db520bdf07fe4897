import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SqliteFile, SqliteImage } from 'sqlite-file'
import { flat, gathered, hex, WatchedSource } from './support/files.js'

interface Expected {
  readonly encoding: string
  readonly keys: readonly {
    key: string
    db_id: number
    value: string | { readonly sqlite_text: string }
  }[]
  readonly absent: readonly { key: string }[]
}

const ROOT = new URL('../test/golden/python/', import.meta.url)

for (const snapshot of readdirSync(ROOT)) {
  const folder = new URL(`${snapshot}/`, ROOT)
  const { encoding, keys, absent } = JSON.parse(
    readFileSync(new URL('expected.json', folder), 'utf8'),
  ) as Expected
  const shards = readdirSync(folder).filter((name) => name.endsWith('.db'))

  test(`shards of the Python project: ${snapshot} has the rows it was written with`, async () => {
    let found = 0
    for (const name of shards) {
      const image = new Uint8Array(readFileSync(new URL(name, folder)))
      const shard = Number(/\d+/.exec(name)![0])
      const rows = keys
        .filter(({ db_id }) => db_id === shard)
        .map(({ key, value }) => [hex(stored(key, encoding))!, valueHex(value)])
        .sort(([a], [b]) => (a! < b! ? -1 : 1))
      found += rows.length
      const inMemory = new SqliteImage(image)
      const byRange = await SqliteFile.open(new WatchedSource(image), {
        headBytes: 512,
        tailBytes: 0,
      })
      assert.deepEqual(inMemory.verify().problems, [])
      assert.deepEqual(flat(inMemory.keyValue('kv').scan()), rows)
      const table = byRange.keyValue('kv')
      const bytes = rows.map(([key]) => Uint8Array.from(Buffer.from(key!, 'hex')))
      assert.deepEqual(
        (await table.getMany(bytes)).map(hex),
        rows.map(([, value]) => value),
      )
      assert.deepEqual(flat(await gathered(table.scan({}, { reverse: true }))), rows.toReversed())
      for (const { key } of absent) {
        assert.equal(await table.get(stored(key, encoding)), undefined)
        assert.equal(inMemory.keyValue('kv').get(stored(key, encoding)), undefined)
      }
      byRange.close()
    }
    assert.equal(found, keys.length)
  })
}

function valueHex(value: string | { readonly sqlite_text: string }): string {
  return typeof value === 'string' ? value : Buffer.from(value.sqlite_text).toString('hex')
}

/** A tagged key as it is stored. */
function stored(tagged: string, encoding: string): Uint8Array {
  const text = tagged.slice(2)
  if (tagged.startsWith('b:')) return Uint8Array.from(Buffer.from(text, 'hex'))
  if (tagged.startsWith('s:')) return new TextEncoder().encode(text)
  const bytes = new Uint8Array(encoding === 'u32be' ? 4 : 8)
  const view = new DataView(bytes.buffer)
  if (encoding === 'u32be') view.setUint32(0, Number(text))
  else view.setBigUint64(0, BigInt(text))
  return bytes
}
