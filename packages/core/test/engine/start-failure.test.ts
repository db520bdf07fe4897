import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadSlateDb, slatedb, writeSnapshot } from '@shardyfusion/core'
import { tempPrefix } from '@shardyfusion/test-support/temp-folder'

const CHILD = fileURLToPath(new URL('../support/start-failure-child.js', import.meta.url))
/** Enough for node, too little for the address space that V8 reserves for each WebAssembly memory. */
const LIMIT_KIB = 8_000_000
const NO_FILES_CHILD = fileURLToPath(new URL('../support/no-files-child.js', import.meta.url))
/** Enough for node itself. */
const LIMIT_FILES = 100
const noLimits = process.platform !== 'linux' && 'limits are tried on Linux'

async function published(): Promise<string> {
  const prefix = tempPrefix()
  await writeSnapshot([[1, new Uint8Array(3)]], {
    prefix,
    engine: slatedb({ runtime: 'wasm' }),
    sharding: { shards: 1 },
  })
  return prefix
}

function run(command: string, args: readonly string[]): Record<string, string> {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Record<string, string>
}

test('loadSlateDb: a source that is not a module is refused, and another one may follow', async () => {
  await assert.rejects(loadSlateDb({} as never), {
    code: 'SHARD_INVALID_OPTION',
    message: /^loadSlateDb: .*expected bytes, a WebAssembly.Module or a Response/,
  })
  await loadSlateDb()
})

test('without WebAssembly every call ends in one error that says so, and the process lives on', async () => {
  const ends = run(process.execPath, ['--jitless', CHILD, await published()])
  for (const name of ['get', 'again', 'write']) {
    assert.match(
      ends[name]!,
      /^SHARD_ENGINE .*this process has no WebAssembly; run node without --jitless/,
    )
  }
})

test(
  'under a limit of virtual memory every call ends in one error with the remedy, and the process lives on',
  { skip: noLimits },
  async () => {
    const prefix = await published()
    const limited = (options: string): Record<string, string> => {
      const shell = `ulimit -v ${LIMIT_KIB} && exec "$0" ${options} "$1" "$2"`
      return run('sh', ['-c', shell, process.execPath, CHILD, prefix])
    }
    const ends = limited('')
    for (const name of ['get', 'again', 'write']) {
      assert.match(
        ends[name]!,
        /^SHARD_ENGINE .*Out of memory.*ulimit -v.*--disable-wasm-trap-handler/,
      )
    }
    // The remedy works.
    assert.deepEqual(limited('--disable-wasm-trap-handler'), {
      get: 'done',
      again: 'done',
      write: 'done',
    })
  },
)

test(
  'a process that may open no more files names the limit, not a missing package',
  { skip: noLimits },
  async () => {
    const prefix = await published()
    const shell = `ulimit -n ${LIMIT_FILES} && exec "$0" "$1" "$2"`
    const ends = run('sh', ['-c', shell, process.execPath, NO_FILES_CHILD, prefix])
    for (const name of ['open', 'write']) {
      assert.match(ends[name]!, /^SHARD_(STORE|ENGINE) .*ulimit -n/)
      assert.doesNotMatch(ends[name]!, /npm install/)
    }
  },
)
