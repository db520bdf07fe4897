import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSupportedNode } from '../lib/node-version.mjs'

test('isSupportedNode: accepts the minor versions that the tools need, and everything after 22', () => {
  const verdicts = (/** @type {string[]} */ ...versions) => versions.map(isSupportedNode)
  assert.deepEqual(
    verdicts('20.19.0', '22.12.0', '23.0.0', '24.1.0', '26.0.0'),
    Array(5).fill(true),
  )
  assert.deepEqual(verdicts('18.20.8', '20.18.9', '21.7.3', '22.11.0', ''), Array(5).fill(false))
})
