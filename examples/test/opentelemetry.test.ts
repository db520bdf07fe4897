import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Child } from './support/child.js'

test('opentelemetry: metrics and spans reach the exporters', async (t) => {
  const child = new Child(t, 'opentelemetry', [])
  assert.equal(await child.exitCode(), 0, child.stderr)
  for (const text of [
    /name: 'shardyfusion\.get-many'/,
    /name: 'shardyfusion\.open'/,
    /name: 'shardyfusion\.store-request'/,
    /name: 'shardyfusion\.reader_keys'/,
    /'shardyfusion\.prefix': 'memory:\/\/opentelemetry-example'/,
  ]) {
    assert.match(child.stdout, text)
  }
})
