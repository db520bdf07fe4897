import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SnapshotReader } from '@shardyfusion/core'
import { Child } from './support/child.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

test('values: prints what each codec gives back, and records its name', async (t) => {
  const folder = tempFolder()
  const child = new Child(t, 'values', [folder])
  assert.equal(await child.exitCode(), 0, child.stderr)
  assert.equal(
    child.stdout,
    `codec 2026-11-28T23:00:00.000Z
schema { id: 42, name: 'rope', tags: [] }
msgpack {
  sensor: 9007199254740993n,
  at: 1970-01-01T00:00:00.000Z,
  raw: Uint8Array(3) [ 1, 2, 3 ]
}
compressed { id: 42, name: 'user 42', status: 'gone', country: 'CH' }
`,
  )
  for (const [name, codec] of [
    ['codec', 'date'],
    ['schema', 'json'],
    ['msgpack', 'msgpack'],
    ['compressed', 'zlib(json)'],
  ] as const) {
    const prefix = pathToFileURL(join(folder, name)).href
    await using reader = await SnapshotReader.open({ prefix })
    assert.equal(reader.info().valueCodec, codec)
  }
})
