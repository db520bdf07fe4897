import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BIN, cleanEnvironment } from '../support/shardy.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

/** In no list of users; container platforms choose such ids. */
const RANDOM_ID = 1_000_670_000
const isRoot = process.platform === 'linux' && process.getuid?.() === 0

test(
  'a user without a home folder and without an entry in the list of users builds and reads',
  { skip: !isRoot && 'only root can start a process of another user' },
  () => {
    const folder = tempFolder()
    chmodSync(folder, 0o777)
    const shardy = (args: readonly string[], input = ''): string => {
      const env = { PATH: cleanEnvironment()['PATH'] }
      const where = ['--prefix', join(folder, 'snap')]
      const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args, ...where], {
        cwd: folder,
        env,
        input,
        encoding: 'utf8',
        uid: RANDOM_ID,
        gid: 0,
        timeout: 60_000,
      })
      assert.equal(status, 0, stderr)
      return stdout
    }
    shardy(['build', '-', '--key', 'id', '--no-progress'], '{"id":1,"name":"rope"}\n')
    assert.equal(shardy(['get', '1']), '{"id":1,"name":"rope"}\n')
    assert.match(shardy(['repl'], 'get 1\n'), /rope/)
    assert.deepEqual(readdirSync(folder), ['snap'])
  },
)
