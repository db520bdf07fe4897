import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withEnvironment } from '#dist/engine/environment.js'

test('withEnvironment: sets, overwrites and takes away, and puts everything back', () => {
  const before = { ...process.env }
  process.env['SHARDYFUSION_TEST_KEPT'] = 'kept'
  try {
    const env = { SHARDYFUSION_TEST_NEW: 'new', SHARDYFUSION_TEST_KEPT: undefined }
    const seen = withEnvironment(env, () => [
      process.env['SHARDYFUSION_TEST_NEW'],
      'SHARDYFUSION_TEST_KEPT' in process.env,
    ])
    assert.deepEqual(seen, ['new', false])
    assert.equal(process.env['SHARDYFUSION_TEST_KEPT'], 'kept')
    assert.ok(!('SHARDYFUSION_TEST_NEW' in process.env))
    assert.throws(() =>
      withEnvironment({ SHARDYFUSION_TEST_KEPT: undefined }, () => {
        throw new Error('in the middle')
      }),
    )
    assert.equal(process.env['SHARDYFUSION_TEST_KEPT'], 'kept')
  } finally {
    delete process.env['SHARDYFUSION_TEST_KEPT']
  }
  assert.deepEqual({ ...process.env }, before)
})
