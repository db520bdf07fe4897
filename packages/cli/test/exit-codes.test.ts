import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShardyfusionError } from '@shardyfusion/core'
import { exitCodeOf } from '#dist/util/describe-error.js'
import { EXIT } from '#dist/util/exit-codes.js'
import { shardy } from './support/shardy.js'

test('exit codes: match the manual page', () => {
  assert.deepEqual(EXIT, { ok: 0, finding: 1, usage: 2, failure: 3, interrupted: 130 })
})

test('exit codes: Ctrl-C during any call of the library is 130', () => {
  const stopped = new ShardyfusionError('SHARD_INTERRUPTED', 'SnapshotWriterSync.open: interrupted')
  assert.equal(exitCodeOf(stopped), 130)
})

test('a wrong command line: exits with 2, and is JSON if the line asks for JSON', async () => {
  const error = { code: 'USAGE', message: "missing required argument 'key'" }
  for (const flags of [['--json'], ['--ndjson'], ['--format', 'json'], ['--format=ndjson']]) {
    const { code, stdout, stderr } = await shardy(['get', ...flags])
    assert.deepEqual([code, stdout, JSON.parse(stderr)], [2, '', { error }])
  }
  const plain = await shardy(['get', '--format', 'csv'])
  assert.equal(plain.code, 2)
  assert.match(plain.stderr, /^shardy: missing required argument 'key'\n/)
})
