import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const run = promisify(execFile)
const CHILD = fileURLToPath(new URL('./support/realm-child.js', import.meta.url))
const FLAGS = ['--experimental-vm-modules', '--experimental-import-meta-resolve']

test('in a realm of its own, as in Jest: builds on files, with threads, and reads', async () => {
  const args = ['--no-warnings', ...FLAGS, CHILD, tempPrefix()]
  const { stdout } = await run(process.execPath, args, { timeout: 60_000 })
  assert.deepEqual(JSON.parse(stdout), {
    missing: 'SHARD_NOT_FOUND',
    texts: ['outer', 'outer', '\x01\x02'],
    aborted: 'the reason',
    notASignal: 'SHARD_INVALID_OPTION',
    found: { id: 1, tags: ['x'] },
  })
})
