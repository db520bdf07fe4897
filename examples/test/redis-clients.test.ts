import assert from 'node:assert/strict'
import { test } from 'node:test'
import { main } from '#dist/redis-clients.js'
import { runMain } from './support/run-main.js'

test('redis-clients: a Redis client and fetch read two snapshots', async () => {
  const { stdout, outcome } = runMain(main, [])
  await outcome
  assert.equal(
    stdout.text,
    '{"id":42,"cents":142}\n{"id":1,"cents":101}, null\nAda Lovelace\n' +
      '{"key":"10","value":{"id":10,"cents":110}}\n{"key":"11","value":{"id":11,"cents":111}}\n',
  )
})
