import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { sqlite, writeSnapshot } from '@shardyfusion/core'
import { serveFolder } from '#dist/support/static-server.js'
import { bundlePage } from './support/bundle-page.js'
import { openChromium } from '@shardyfusion/test-support/open-chromium'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

/** The code of a page that has no WebAssembly: it reads a snapshot, and builds one in memory. */
const PAGE = `
  import { MemoryStore, SnapshotReader, sqlite, writeSnapshot } from '@shardyfusion/core'
  globalThis.read = async (mode) => {
    const prefix = new URL('data', document.baseURI).href
    const engine = mode && sqlite({ mode })
    const reader = await SnapshotReader.open({ prefix, engine, shardUrls: 'rebase', values: 'json' })
    const found = [await reader.get(7), await reader.get(5000)]
    let rows = 0
    for await (const _ of reader.scanIter()) rows++
    await reader.close()
    return { found, rows }
  }
  globalThis.write = async () => {
    const place = { prefix: 'memory://page/table', objects: new MemoryStore(), values: 'json' }
    const rows = Array.from({ length: 3000 }, (_, i) => [(i * 37) % 3000, { i }])
    await writeSnapshot(rows, { ...place, sharding: { shards: 2 }, engine: sqlite({ pageSize: 'auto' }) })
    const reader = await SnapshotReader.open(place)
    const value = await reader.get(37)
    await reader.close()
    return value
  }
`
const POLICY = `<meta http-equiv="content-security-policy" content="default-src 'self'">`

test('browser: SQLite shards are read and written without WebAssembly and without an index', async (t) => {
  const browser = await openChromium(t)
  if (browser === undefined) return
  const folder = tempFolder()
  await bundlePage(folder, PAGE, POLICY)
  const rows = Array.from({ length: 2000 }, (_, i): [number, object] => [i, { city: `city ${i}` }])
  const prefix = pathToFileURL(join(folder, 'data')).href
  await writeSnapshot(rows, {
    prefix,
    sharding: { shards: 2 },
    values: 'json',
    engine: sqlite(),
  })
  const server = await serveFolder(folder)
  t.after(() => server.close())
  const page = await browser.newPage()
  await page.goto(`${server.url}/`)
  await page.waitForFunction('globalThis.write !== undefined')
  for (const mode of ['undefined', '"range"', '"download"']) {
    const result = await page.evaluate(`read(${mode})`)
    assert.deepEqual(result, { found: [{ city: 'city 7' }, undefined], rows: 2000 })
  }
  assert.deepEqual(await page.evaluate('write()'), { i: 1 })
})
