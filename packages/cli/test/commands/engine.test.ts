import assert from 'node:assert/strict'
import { relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FileStore } from '@shardyfusion/core'
import {
  copyPythonSnapshot,
  pythonAnswers,
  SQLITE_SNAPSHOTS,
} from '../../../core/dist-test/support/python-snapshots.js'
import { shardy } from '../support/shardy.js'
import { emptyPlace } from '../support/snapshot.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const MODULE = new URL('../../../sync/dist-test/outside/toy-engine.js', import.meta.url)
const ENGINE = `${MODULE.href}#toyEngine`
const ROWS = [1, 2, 3].map((id) => JSON.stringify({ id, name: `row ${id}` })).join('\n')

async function output(args: readonly string[], stdin = '', cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await shardy(args, { stdin, ...(cwd !== undefined && { cwd }) })
  assert.equal(code, 0, stderr)
  return stdout
}

test('--engine module#export builds and reads with a custom engine', async () => {
  const { prefix } = emptyPlace()
  const folder = tempFolder()
  const place = ['--prefix', prefix, '--engine']
  // The path is relative to the current folder.
  const path = `./${relative(folder, fileURLToPath(MODULE))}#toyEngine`
  const build = ['build', '--key', 'id', '--workers', '2', '--engine-options', '{"pageEntries":2}']
  await output([...build, ...place, path], ROWS, folder)
  const got = await output(['get', '2', '--raw', ...place, ENGINE])
  assert.match(got, /row 2/)
  const info = JSON.parse(await output(['info', '--json', ...place, ENGINE])) as object
  assert.equal((info as { shardFormat: string }).shardFormat, 'toy-sqlite')
  await output(['verify', ...place, ENGINE])
  const without = await shardy(['get', '2', '--prefix', prefix])
  assert.match(without.stderr, /engine for shards of format "toy-sqlite" is needed/)
})

test('plan: carries the engine to its tasks', async () => {
  const { prefix } = emptyPlace()
  const begin = ['plan', '--prefix', prefix, '--shards', '1', '--key-encoding', 'utf8']
  const engine = ['--engine', ENGINE, '--engine-options', '{"pageEntries":2}']
  const plan = await output([...begin, ...engine])
  const written = await output(
    [
      'write-shard',
      '--plan',
      plan,
      '--shard',
      '0',
      '--from',
      'ndjson',
      '--key',
      'k',
      '--value',
      'v',
    ],
    '{"k":"a","v":"first"}\n{"k":"b","v":"second"}\n',
  )
  await output(['publish', '--plan', plan], written)
  const got = await output(['get', 'b', '--raw', '--prefix', prefix, '--engine', ENGINE])
  assert.match(got, /second/)
})

test('--engine: an unavailable engine is rejected with a remedy', async () => {
  const { prefix } = emptyPlace()
  const refused = async (args: string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await shardy(['build', '--key', 'id', '--prefix', prefix, ...args], {
      stdin: ROWS,
    })
    assert.notEqual(code, 0)
    assert.match(stderr, message)
  }
  await refused(
    ['--engine', 'rust'],
    /engine must be auto, wasm, native, sqlite, sqlite-vec, lancedb, slatedb\+lancedb, sqlite\+lancedb, module#export/,
  )
  await refused(['--engine', './none.mjs#toy'], /none\.mjs could not be loaded/)
  await refused(['--engine', `${MODULE.href}#nothing`], /has no export "nothing"/)
  await refused(['--engine', ENGINE, '--engine-options', '{'], /engine-options must be JSON/)
  await refused(
    ['--engine-options', '{}'],
    /engine-options need engine module#export, got none; pass --engine module#export/,
  )
  await refused(
    ['--engine', ENGINE, '--compression', 'zstd'],
    /--compression needs a SlateDB engine/,
  )
})

test('--catalog stores manifests and run records in another place', async () => {
  const { prefix } = emptyPlace()
  const catalog = emptyPlace().prefix
  const options = JSON.stringify({ prefix: catalog })
  const place = ['--prefix', prefix, '--catalog', '@shardyfusion/core#objectCatalog']
  const at = [...place, '--catalog-options', options]
  const built = JSON.parse(await output(['build', '--key', 'id', '--json', ...at], ROWS)) as {
    manifestRef: string
  }
  assert.ok(built.manifestRef.startsWith(catalog))
  assert.match(await output(['get', '3', '--raw', ...at]), /row 3/)
  assert.match(await output(['history', '--json', ...at]), new RegExp(built.manifestRef))
  await output(['report', ...at], '', tempFolder())
  const { code } = await shardy(['get', '3', '--prefix', prefix])
  assert.notEqual(code, 0)
})

test('--engine sqlite builds SQLite shards; reading needs no flag', async () => {
  const { prefix } = emptyPlace()
  const build = ['build', '--key', 'id', '--prefix', prefix, '--engine', 'sqlite', '--workers', '2']
  await output([...build, '--engine-options', '{"pageSize":8192}'], ROWS)
  const place = ['--prefix', prefix]
  assert.match(await output(['get', '2', '--raw', ...place]), /row 2/)
  const info = JSON.parse(await output(['info', '--json', ...place])) as { shardFormat: string }
  assert.equal(info.shardFormat, 'sqlite')
  assert.equal((await output(['scan', '--ndjson', ...place])).trim().split('\n').length, 3)
  await output(['verify', ...place])
  const wrong = await shardy([...build, '--engine-options', '{"pageSize":1000}'], { stdin: ROWS })
  assert.match(wrong.stderr, /pageSize must be a power of two from 512 to 65536/)
})

test('snapshots of the Python project in SQLite are read without a flag', async () => {
  for (const name of SQLITE_SNAPSHOTS) {
    const { prefix } = emptyPlace()
    await copyPythonSnapshot(name, new FileStore(), prefix)
    const { rows } = pythonAnswers(name)
    const some = rows.filter(({ value }) => value !== undefined).slice(0, 3)
    for (const { key, context = {}, value } of some) {
      const text = typeof key === 'object' ? Buffer.from(key).toString('hex') : String(key)
      const columns = Object.entries(context).flatMap(([k, v]) => [
        '--context',
        `${k}=${String(v)}`,
      ])
      const place = ['--prefix', prefix, '--shard-urls', 'rebase', '--values', 'hex']
      assert.equal((await output(['get', text, ...columns, ...place])).trim(), value)
    }
  }
})
