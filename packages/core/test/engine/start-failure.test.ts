import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { slatedb, writeSnapshot } from '@shardyfusion/core'
import { tempPrefix } from '../support/temp-prefix.js'

const CHILD = fileURLToPath(new URL('../support/start-failure-child.js', import.meta.url))
/** Enough for node, too little for the address space that V8 reserves for each WebAssembly memory. */
const LIMIT_KIB = 8_000_000
const noLimits = process.platform !== 'linux' && 'ulimit -v is tried on Linux'

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

test('without WebAssembly every call ends in one error that says so, and the process lives on', async () => {
  const ends = run(process.execPath, ['--jitless', CHILD, await published()])
  for (const name of ['open', 'again', 'write']) {
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
    for (const name of ['open', 'again', 'write']) {
      assert.match(
        ends[name]!,
        /^SHARD_ENGINE .*Out of memory.*ulimit -v.*--disable-wasm-trap-handler/,
      )
    }
    // The remedy works.
    assert.deepEqual(limited('--disable-wasm-trap-handler'), {
      open: 'done',
      again: 'done',
      write: 'done',
    })
  },
)
