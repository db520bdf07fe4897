import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { runScript } from '../support/run-script.js'

const missing = spawnSync('taskset', ['--version']).error !== undefined
const skip = missing && 'there is no taskset to hold threads on a core with'

test(
  'calls do not suffer from spinning when both threads end up on one core',
  { skip },
  async () => {
    const child = new URL('../support/one-core-child.js', import.meta.url)
    const { code, stdout, stderr } = await runScript(child)
    assert.equal(code, 0, stderr)
    // Spinning regardless makes it 5 to 10; trials now and then are not seen in a median.
    assert.ok(Number(stdout) < 2, `${stdout.trim()} times the time without spinning`)
  },
)
