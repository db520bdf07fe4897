import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pty } from '../support/pty.js'
import { shardy, shardyBytes } from '../support/shardy.js'
import { emptyPlace } from '../support/snapshot.js'

const KEY = 'k\u009B2J\u202E'
const VALUE = '\u001B]0;owned\u0007 \u2066v'

test('get: escapes control characters of a value on a terminal, and not on a pipe', async (t) => {
  const place = emptyPlace()
  const args = ['-p', place.prefix]
  const built = await shardy(
    ['build', ...args, '-k', 'k', '--value', 'v', '--key-encoding', 'utf8', '--no-progress'],
    { stdin: JSON.stringify({ k: KEY, v: VALUE }) },
  )
  assert.equal(built.code, 0, built.stderr)
  for (const format of ['table', 'json', 'ndjson', 'csv', 'raw']) {
    const pty = new Pty(t, ['scan', ...args, '--format', format, '--no-color'])
    assert.equal((await pty.exit()).code, 0)
    assert.match(pty.output, /owned/)
    assert.doesNotMatch(pty.output, /\u001B\]|[\u0007\u009B\u202E\u2066]/, format)
  }
  const raw = await shardyBytes(['get', ...args, KEY, '--raw'])
  assert.equal(raw.stdout.toString(), VALUE)
})
