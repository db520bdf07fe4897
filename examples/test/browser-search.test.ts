import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { sqliteVec } from '@shardyfusion/vector'
import { build } from 'esbuild'
import { type Answered, serveFolder } from '#dist/support/static-server.js'
import { openChromium } from '@shardyfusion/test-support/open-chromium'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const DIMENSIONS = 48
const COUNT = 4000

/** The program of the page: searches, looks up, and says which kernel did it. */
const PROGRAM = `
import { SnapshotReader } from '@shardyfusion/core'
import { kernelKind } from '@shardyfusion/vector'
globalThis.ask = async (query) => {
  const prefix = new URL('data', location.href).href
  const reader = await SnapshotReader.open({ prefix, shardUrls: 'rebase', values: 'json' })
  const { results } = await reader.search(query, { topK: 5, withValues: true, where: 'payload.even' })
  const value = await reader.get(3)
  await reader.close()
  return { hits: results.map(({ id, score, value }) => [String(id), score, value]), value, kernel: await kernelKind() }
}
document.title = 'ready'
`

test('browser: searches vectors over HTTP ranges, with the kernel in WebAssembly', async (t) => {
  const folder = tempFolder()
  const prefix = pathToFileURL(join(folder, 'data')).href
  const vectorOf = (id: number): Float32Array =>
    Float32Array.from({ length: DIMENSIONS }, (_, j) => Math.sin((id + 1) * (j + 1.3)))
  await writeSnapshot(
    Array.from({ length: COUNT }, (_, id) => id),
    {
      prefix,
      sharding: { shards: 2 },
      key: (id) => id,
      value: (id) => ({ id }),
      values: 'json',
      engine: sqliteVec(),
      vector: { of: vectorOf, payload: (id) => ({ even: id % 2 === 0 }), dimensions: DIMENSIONS },
    },
  )
  await build({
    stdin: { contents: PROGRAM, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    outfile: join(folder, 'page.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  await writeFile(join(folder, 'index.html'), '<script type="module" src="page.js"></script>')
  const answers: Answered[] = []
  const server = await serveFolder(folder, { onAnswer: (answered) => answers.push(answered) })
  t.after(() => server.close())
  const browser = await openChromium(t)
  if (browser === undefined) return
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  await page.goto(`${server.url}/`)
  await page.waitForFunction('document.title === "ready"')
  const query = Array.from(vectorOf(17), (x, j) => x + Math.cos(j) / 3)
  const found = await page.evaluate<{ hits: unknown[]; value: unknown; kernel: string }>(
    `ask(${JSON.stringify(query)})`,
  )
  await using reader = await SnapshotReader.open({ prefix, values: 'json' })
  const here = await reader.search(query, { topK: 5, withValues: true, where: 'payload.even' })
  assert.deepEqual(
    found.hits,
    here.results.map(({ id, score, value }) => [String(id), score, value]),
  )
  assert.deepEqual(found.value, { id: 3 })
  assert.match(found.kernel, /simd$/)
  assert.deepEqual(problems, [])
  const shards = answers.filter(({ path }) => path.endsWith('/shard.db'))
  assert.ok(shards.length > 0)
  assert.ok(
    shards.every(
      ({ status, range, method }) => method === 'HEAD' || (status === 206 && range !== undefined),
    ),
  )
})
