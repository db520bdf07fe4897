import assert from 'node:assert/strict'
import { execFile as execFileCallback } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { writeSnapshotSync } from '@shardyfusion/sync'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'
import { runScript } from '../support/run-script.js'

const execFile = promisify(execFileCallback)
const CHILD = new URL('../support/get-child.js', import.meta.url)
const prefix = tempPrefix()
writeSnapshotSync(
  Array.from({ length: 100 }, (_, i) => [i, `value ${i}`] as const),
  { prefix, sharding: { shards: 2 }, values: 'utf8' },
)
/** The option has had two names. */
const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

test('loaders of NODE_OPTIONS are at work in the worker, too', async () => {
  const loader = new URL('../support/register-loader.js', import.meta.url).href
  const { stdout, stderr } = await runScript(CHILD, {
    args: [prefix, 'virtual:store'],
    env: { NODE_OPTIONS: `--import=${loader}` },
  })
  assert.equal(stdout, 'value 42\n', stderr)
})

test(
  'the worker caches compiled code where the program does',
  { skip: !('enableCompileCache' in nodeModule) && 'Node has no such cache before 22.1' },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-cached-code-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const child = new URL('../support/cached-code-child.js', import.meta.url)
    const filesAfter = async (...args: string[]): Promise<number> => {
      const { code, stderr } = await runScript(child, { args: [folder, ...args] })
      assert.equal(code, 0, stderr)
      return readdirSync(folder, { recursive: true }).length
    }
    const ofCaller = await filesAfter()
    const ofBoth = await filesAfter(prefix)
    assert.ok(ofBoth > ofCaller, `${ofCaller} files of the caller, then ${ofBoth}`)
  },
)

test('a module that cannot be loaded is named', async () => {
  const { stdout } = await runScript(CHILD, { args: [prefix, 'virtual:store'] })
  assert.match(
    stdout,
    /^SHARD_INVALID_OPTION .*objects: the module virtual:store could not be loaded/,
  )
})

test(
  'a process that may open no more files fails at once, with the limit',
  { skip: process.platform === 'win32' && 'it has no such limit' },
  async () => {
    const shell = `ulimit -n 60 && exec "$0" "$1" "$2"`
    const child = fileURLToPath(new URL('../support/no-files-child.js', import.meta.url))
    const { stdout } = await execFile('sh', ['-c', shell, process.execPath, child, prefix])
    assert.match(stdout, /^SHARD_BRIDGE SnapshotReaderSync.open: .*ulimit -n/)
  },
)

test('a process that may not start threads is told which option it needs', async () => {
  const nodeArgs = [permission, '--allow-fs-read=*', '--no-warnings']
  const denied = await runScript(CHILD, { args: [prefix], nodeArgs })
  assert.match(denied.stdout, /^SHARD_BRIDGE .*--allow-worker/)
  const allowed = await runScript(CHILD, {
    args: [prefix],
    nodeArgs: [...nodeArgs, '--allow-worker', '--allow-addons', '--allow-wasi'],
  })
  assert.equal(allowed.stdout, 'value 42\n', allowed.stderr)
})
