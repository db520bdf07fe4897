// The programs of core's docs/bundlers.md, bundled and run where nothing is installed.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type BuildOptions } from 'esbuild'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'
import { runScript } from './support/run-script.js'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const PAGE = new URL('../../core/docs/bundlers.md', import.meta.url)
/** Optional peers, which are installed here. */
const PEERS = ['@slatedb/uniffi', '@aws-sdk/credential-providers']

/** The programs of the page, by name. */
function programs(): Map<string, string> {
  const text = readFileSync(PAGE, 'utf8')
  return new Map(
    [...text.matchAll(/^```js (\S+)\n(.*?)^```$/gms)].map(([, name, code]) => [name!, code!]),
  )
}

/** Bundles programs of the page, with imports resolved as if they were in this package. */
async function bundle(names: readonly string[], options: BuildOptions): Promise<string> {
  const out = join(tempFolder(), 'out')
  const found = programs()
  const page = {
    name: 'page',
    setup: (on: Parameters<NonNullable<BuildOptions['plugins']>[number]['setup']>[0]): void => {
      on.onResolve({ filter: /\.mjs$/ }, ({ path, kind }) =>
        kind === 'entry-point' ? { path, namespace: 'page' } : undefined,
      )
      on.onLoad({ filter: /.*/, namespace: 'page' }, ({ path }) => ({
        contents: found.get(path)!,
        resolveDir: PACKAGE,
      }))
    },
  }
  const { warnings } = await build({
    entryPoints: [...names],
    bundle: true,
    platform: 'node',
    external: PEERS,
    outdir: out,
    plugins: [page],
    // esbuild says that import.meta is empty in CommonJS, which only matters where it is used.
    logOverride: { 'empty-import-meta': 'silent' },
    logLevel: 'error',
    ...options,
  })
  assert.deepEqual(warnings, [])
  return out
}

function newPrefix(): string {
  return pathToFileURL(join(tempFolder(), 'data')).href
}

for (const format of ['cjs', 'esm'] as const) {
  test(`a bundle of one file has the engine in it: ${format}`, async () => {
    const extension = format === 'cjs' ? '.cjs' : '.mjs'
    const out = await bundle(['one-file.mjs'], { format, outExtension: { '.js': extension } })
    const main = join(out, 'main.mjs')
    const call = `handler({ prefix: process.argv[2], id: 7 }).then((row) => console.log(JSON.stringify(row)))`
    writeFileSync(main, `import { handler } from './one-file${extension}'\n${call}\n`)
    const { stdout, stderr } = await runScript(pathToFileURL(main), { args: [newPrefix()] })
    assert.equal(stdout, '{"id":7,"name":"rope"}\n', stderr)
  })
}

test('a bundle of one file is also its worker', async () => {
  const out = await bundle(['own-worker.mjs'], { format: 'cjs', outExtension: { '.js': '.cjs' } })
  const app = pathToFileURL(join(out, 'own-worker.cjs'))
  const { code, stdout, stderr } = await runScript(app, { args: [newPrefix()] })
  assert.equal(stdout, "{ id: 7, name: 'rope' }\n", stderr)
  assert.equal(code, 0)
})

test('a bundle works with the worker as a separate entry, also minified', async () => {
  const out = await bundle(['app.mjs', 'sync-worker.mjs'], {
    format: 'esm',
    splitting: true,
    minify: true,
    outExtension: { '.js': '.mjs' },
  })
  const app = pathToFileURL(join(out, 'app.mjs'))
  const { code, stdout, stderr } = await runScript(app, { args: [newPrefix()] })
  assert.equal(stdout, "{ id: 7, name: 'rope' }\n", stderr)
  assert.equal(code, 0)
})

test('without workerUrl, a CommonJS bundle says that it needs it', async () => {
  const found = programs().get('app.mjs')!
  const out = await bundle(['app.mjs'], {
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [
      {
        name: 'without',
        setup: (on) => {
          on.onResolve({ filter: /^app\.mjs$/ }, ({ path }) => ({ path, namespace: 'without' }))
          on.onLoad({ filter: /.*/, namespace: 'without' }, () => ({
            contents: found.replace(/^const workerUrl.*$/m, 'const workerUrl = undefined'),
            resolveDir: PACKAGE,
          }))
        },
      },
    ],
  })
  const app = pathToFileURL(join(out, 'app.cjs'))
  const { code, stderr } = await runScript(app, { args: [newPrefix()] })
  assert.notEqual(code, 0)
  assert.match(stderr, /import\.meta\.url is empty in this bundle: pass workerUrl/)
})
