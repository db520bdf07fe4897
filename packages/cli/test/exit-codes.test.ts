import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT } from '#dist/util/exit-codes.js'

test('exit codes: match the manual page', () => {
  assert.deepEqual(EXIT, { ok: 0, finding: 1, usage: 2, failure: 3, interrupted: 130 })
})
