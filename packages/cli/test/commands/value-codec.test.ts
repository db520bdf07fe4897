import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { shardy } from '../support/shardy.js'
import { emptyPlace, fileIn } from '../support/snapshot.js'

test('values: build records what they are, and info shows it', async () => {
  for (const [flags, codec] of [
    [[], 'json'],
    [['--value', 'name'], undefined],
    [['--value', 'name', '--value-as', 'text'], 'utf8'],
    [['--value', 'name', '--value-as', 'json'], 'json'],
    [['--value', 'name', '--value-as', 'base64'], undefined],
  ] as const) {
    const place = emptyPlace()
    const rows = fileIn(place, 'rows.ndjson', '{"id":1,"name":"12"}\n')
    const build = ['build', rows, '--prefix', place.prefix, '--key', 'id', '--no-progress']
    const built = await shardy([...build, ...flags])
    assert.equal(built.code, 0, built.stderr)
    await using reader = await SnapshotReader.open({ prefix: place.prefix })
    assert.equal(reader.info().valueCodec, codec)
    const info = await shardy(['info', '--format', 'table', '--prefix', place.prefix])
    const shown = /^values {2,}(\S+)$/m.exec(info.stdout)?.[1]
    assert.equal(shown, codec)
  }
})

test('values: a snapshot of JSON is shown as JSON, and one of text as text', async () => {
  const place = emptyPlace()
  for (const [values, expected] of [
    ['json', { get: 42, scan: [42, true, 'x'] }],
    ['utf8', { get: '42', scan: ['42', 'true', '"x"'] }],
  ] as const) {
    const rows = [[1, 42] as const, [2, true] as const, [3, 'x'] as const]
    const { prefix } = place
    const sharding = { shards: 2 }
    if (values === 'json') await writeSnapshot(rows, { prefix, sharding, values })
    else
      await writeSnapshot(rows, {
        prefix,
        sharding,
        values,
        value: (row) => JSON.stringify(row[1]),
      })
    const got = await shardy(['get', '--json', '--prefix', prefix, '1'])
    assert.deepEqual((JSON.parse(got.stdout) as { value: unknown }).value, expected.get)
    for (const command of [['scan'], ['multiget', '1', '2', '3']]) {
      const all = await shardy([...command, '--ndjson', '--prefix', prefix])
      const shown = all.stdout.trim().split('\n')
      assert.deepEqual(
        shown.map((line) => (JSON.parse(line) as { value: unknown }).value),
        expected.scan,
        command[0],
      )
    }
  }
})
