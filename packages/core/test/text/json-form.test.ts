import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  jsonReplacer,
  ShardyfusionError,
  SnapshotReader,
  updateSnapshot,
  writeSnapshot,
} from '@shardyfusion/core'
import { plain, withJson } from '#dist/text/json-form.js'
import { memoryPlace } from '../support/memory-place.js'

const big = 2n ** 60n

test('results become JSON, with 64-bit integers as text, and nothing else of them changes', async () => {
  const place = memoryPlace()
  const rows = [[big, 'a'] as const]
  const published = await writeSnapshot(rows, {
    ...place,
    sharding: { shards: 1 },
    values: 'utf8',
    custom: { version: big },
  })
  const text = JSON.stringify(published)
  assert.match(text, /"minKey":"1152921504606846976"/)
  const shard = published.shards[0]!
  assert.equal(shard.minKey, big)
  assert.ok(!Object.keys(shard).includes('toJSON'))
  const updated = await updateSnapshot([[big, 'b'] as const], { ...place, values: 'utf8' })
  assert.match(JSON.stringify(updated), /"maxKey":"1152921504606846976"/)
  await using reader = await SnapshotReader.open(place)
  assert.match(JSON.stringify(reader.info()), /"version":"1152921504606846976"/)
  assert.match(JSON.stringify(reader.shards()), /"maxKey":"1152921504606846976"/)
  assert.match(JSON.stringify(reader.shardFor(big)), /"minKey":"1152921504606846976"/)
  assert.match(JSON.stringify([reader.health(), reader.stats()]), /healthy/)
  assert.deepEqual(structuredClone(reader.info()), reader.info(), 'it crosses threads')
})

test('errors become JSON with their message', () => {
  const error = new ShardyfusionError('SHARD_ROUTING', 'where: what', { details: { at: big } })
  assert.deepEqual(JSON.parse(JSON.stringify({ error })), {
    error: {
      name: 'ShardyfusionError',
      code: 'SHARD_ROUTING',
      message: 'where: what',
      retryable: false,
      details: { at: String(big) },
    },
  })
})

test('jsonReplacer converts what JSON lacks, at any depth', () => {
  const value = [
    [big, { bytes: Uint8Array.of(1, 2, 255), buffer: Buffer.from('a') }],
    new Map([[1n, new Set(['x'])]]),
    new Date(0),
    null,
    undefined,
    { toJSON: () => 'own' },
  ]
  const expected = [
    [String(big), { bytes: 'AQL/', buffer: 'YQ==' }],
    [['1', ['x']]],
    '1970-01-01T00:00:00.000Z',
    null,
    null,
    'own',
  ]
  assert.deepEqual(JSON.parse(JSON.stringify(value, jsonReplacer)), expected)
  assert.deepEqual(JSON.parse(JSON.stringify(plain(value))), expected)
  assert.deepEqual(JSON.parse(JSON.stringify(withJson({ value }))), { value: expected })
  assert.equal(JSON.stringify(1n, jsonReplacer), '"1"')
})
