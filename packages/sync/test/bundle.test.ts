import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { tempFolder } from '../../core/dist-test/support/temp-prefix.js'
import { runScript } from './support/run-script.js'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
/** What brings files of its own, or native code, stays outside of bundles. */
const OUTSIDE = ['slatedb-wasm', '@aws-sdk/credential-providers', '@slatedb/uniffi']

const APP = `
  import { SnapshotReaderSync, writeSnapshotSync } from '@shardyfusion/sync'
  const prefix = process.argv[2]
  const workerUrl = new URL('./sync-worker.js', import.meta.url)
  const rows = Array.from({ length: 100 }, (_, i) => [i, 'value ' + i])
  const options = { prefix, workerUrl, valueEncoding: 'utf8' }
  writeSnapshotSync(rows, { ...options, sharding: { shards: 3 }, workers: 1 })
  const reader = SnapshotReaderSync.open(options)
  console.log(reader.get(42), [...reader.scanIter()].length)
  reader.close()
`

test('a bundle works with the worker as an entry of its own', async () => {
  const folder = tempFolder()
  const source = join(folder, 'app.js')
  writeFileSync(source, APP)
  await build({
    // Resolved as if the sources lay in this package.
    stdin: { contents: APP, resolveDir: PACKAGE, sourcefile: 'app.js' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(folder, 'dist', 'app.js'),
    external: OUTSIDE,
    minify: true,
    logLevel: 'error',
  })
  await build({
    stdin: {
      contents: `import '@shardyfusion/sync/worker'`,
      resolveDir: PACKAGE,
      sourcefile: 'sync-worker.js',
    },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    outdir: join(folder, 'dist'),
    entryNames: 'sync-worker',
    external: OUTSIDE,
    minify: true,
    logLevel: 'error',
  })
  writeFileSync(join(folder, 'dist', 'package.json'), '{ "type": "module" }')
  linkPackages(join(folder, 'node_modules'))
  const app = pathToFileURL(join(folder, 'dist', 'app.js'))
  const prefix = pathToFileURL(join(folder, 'data')).href
  const { code, stdout, stderr } = await runScript(app, { args: [prefix] })
  assert.equal(stdout, 'value 42 100\n', stderr)
  assert.equal(code, 0)
})

/** The packages that stay outside, as an installation has them. */
function linkPackages(target: string): void {
  const core = createRequire(
    createRequire(import.meta.url).resolve('@shardyfusion/core/package.json'),
  )
  for (const name of OUTSIDE) {
    const link = join(target, name)
    mkdirSync(dirname(link), { recursive: true })
    const found = core.resolve.paths(name)!.map((path) => join(path, name))
    symlinkSync(found[0]!, link, 'junction')
  }
}
