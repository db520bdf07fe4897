import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { tempFolder } from './support/temp-folder.js'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SCRIPTS = join(ROOT, 'examples/python')
const PYTHON = join(ROOT, '.venv-engines/bin/python')
const SHARDY = `'${process.execPath}' '${join(ROOT, 'packages/cli/dist/bin.js')}'`

const ROWS = Number(process.env['SHARDYFUSION_ENGINE_ROWS'] ?? 1_000_000)
const SHARDS = 8
/** Starting an engine on a busy machine takes a minute by itself. */
const TIMEOUT_MS = 280_000

const missing = existsSync(PYTHON)
  ? false
  : 'needs Spark, Ray and Dask: run `npm run setup:engines` once (1.2 GB, and Java 17 for Spark)'
if (missing !== false && process.env['SHARDYFUSION_REQUIRE_ENGINES'] === '1')
  throw new Error(missing)

async function python(args: readonly string[]): Promise<string> {
  const { stdout } = await run(PYTHON, args, {
    cwd: SCRIPTS,
    env: { ...process.env, SHARDY, PYTHONDONTWRITEBYTECODE: '1' },
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 26,
  })
  return stdout
}

/** The value `sample_rows.value_of` makes. */
function valueOf(key: bigint): string {
  const mixed = ((key * 2654435761n) % 2n ** 32n).toString(16).padStart(32, '0')
  return `${key}:${mixed}`.padEnd(100, '.')
}

test('routing in Python: the same shard as every reader computes', { skip: missing }, async () => {
  const prefix = pathToFileURL(join(tempFolder(), 'empty')).href
  await writeSnapshot([], { prefix, sharding: { shards: 7 } })
  await using reader = await SnapshotReader.open({ prefix })
  const integers = [0n, 1n, 255n, 256n, 2n ** 31n, 2n ** 32n + 5n, 2n ** 53n + 1n, 2n ** 63n - 1n]
  for (let i = 0n; i < 200n; i++) integers.push(i * 92_821_117_009n)
  const texts = ['', 'a', 'äöü', 'user/1', '日本語', 'x'.repeat(300), ...integers.map(String)]
  const code = `
import json, sys
sys.path.insert(0, '.')
import shardy_tasks
keys = json.loads(sys.argv[1])
print(json.dumps([shardy_tasks.shard_of(key, 7) for key in keys]))`
  const keys = `[${integers.join(',')},${texts.map((text) => JSON.stringify(text)).join(',')}]`
  const shards = JSON.parse(await python(['-c', code, keys])) as number[]
  assert.deepEqual(
    shards,
    [...integers, ...texts].map((key) => reader.shardFor(key).id),
  )
})

for (const engine of ['spark', 'ray', 'dask'] as const) {
  test(
    `${engine}: a job that loses a worker publishes every row once`,
    { skip: missing },
    async (t) => {
      const folder = tempFolder()
      const prefix = pathToFileURL(join(folder, 'snapshot')).href
      const marker = join(folder, 'killed')
      const started = performance.now()
      const stdout = await python([
        `${engine}_build.py`,
        prefix,
        '--rows',
        String(ROWS),
        '--shards',
        String(SHARDS),
        '--kill-once',
        marker,
      ])
      t.diagnostic(`${ROWS} rows in ${Math.round((performance.now() - started) / 1000)} s`)
      assert.ok(existsSync(marker), 'a worker was killed')
      const published = /\{"runId".*\}/.exec(stdout)?.[0]
      assert.ok(published !== undefined, stdout)
      assert.equal((JSON.parse(published) as { rowCount: number }).rowCount, ROWS)
      await using reader = await SnapshotReader.open({ prefix })
      const seen = new Uint8Array(ROWS)
      for await (const chunk of reader.scanIter({}, { ordered: false }).chunks()) {
        for (let i = 0; i < chunk.count; i++) {
          const key = Buffer.from(chunk.key(i)).readBigUInt64BE()
          seen[Number(key)]!++
          const value = Buffer.from(chunk.value(i)).toString()
          if (value !== valueOf(key)) assert.equal(value, valueOf(key))
        }
      }
      assert.equal(
        seen.findIndex((count) => count !== 1),
        -1,
      )
      assert.equal(reader.shards().length, SHARDS)
      assert.ok(reader.shards().every(({ rowCount }) => rowCount > 0))
    },
  )
}
