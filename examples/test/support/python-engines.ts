import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { SnapshotReader } from '@shardyfusion/core'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SCRIPTS = join(ROOT, 'examples/python')
const PYTHON = join(ROOT, '.venv-engines/bin/python')
const SHARDY = `'${process.execPath}' '${join(ROOT, 'packages/cli/dist/bin.js')}'`

const ROWS = Number(process.env['SHARDYFUSION_ENGINE_ROWS'] ?? 1_000_000)
const SHARDS = 8
/** On a busy machine, starting an engine alone takes a minute. */
const TIMEOUT_MS = 280_000

/** The reason to skip these tests, or false. */
export const missing = existsSync(PYTHON)
  ? false
  : 'needs Spark, Ray and Dask: run `npm run setup:engines` once (1.2 GB, and Java 17 for Spark)'
if (missing !== false && process.env['SHARDYFUSION_REQUIRE_ENGINES'] === '1')
  throw new Error(missing)

/** Runs Python in the folder of the examples and returns its output. */
export async function python(args: readonly string[]): Promise<string> {
  const { stdout } = await run(PYTHON, args, {
    cwd: SCRIPTS,
    env: { ...process.env, SHARDY, PYTHONDONTWRITEBYTECODE: '1' },
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 26,
  })
  return stdout
}

/** The value that `sample_rows.value_of` creates. */
function valueOf(key: bigint): string {
  const mixed = ((key * 2654435761n) % 2n ** 32n).toString(16).padStart(32, '0')
  return `${key}:${mixed}`.padEnd(100, '.')
}

/**
 * Builds 1 million rows with an engine, kills one of its workers during the build, and reads every row back.
 *
 * Each engine has a separate test file, because on some lines of Node the time limit of five minutes applies to a file.
 */
export function testEngine(engine: 'spark' | 'ray' | 'dask'): void {
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
