import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { writeSnapshot } from '@shardyfusion/core'
import { serveFolder } from '#dist/support/static-server.js'
import { withS3Server } from '../../packages/core/dist-test/support/s3-server.js'
import { bundlePage } from './support/bundle-page.js'
import { openChromium } from '@shardyfusion/test-support/open-chromium'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

/** The code of a page: a function that reads from S3. */
const PAGE = `
  import { SnapshotReader } from '@shardyfusion/core'
  import { loadSlateDb } from 'slatedb-wasm'
  globalThis.read = async (prefix, s3, ids) => {
    await loadSlateDb(fetch('/slatedb.wasm'))
    const reader = await SnapshotReader.open({ prefix, s3, values: 'json' })
    try {
      const names = []
      for (const id of ids) names.push((await reader.get(id))?.name)
      let rows = 0
      for await (const _ of reader.scanIter()) rows++
      return { names, rows }
    } finally {
      await reader.close()
    }
  }
`

async function buildPage(): Promise<string> {
  const folder = tempFolder()
  await bundlePage(folder, PAGE)
  const resolveFromCore = createRequire(import.meta.resolve('@shardyfusion/core')).resolve
  copyFileSync(resolveFromCore('slatedb-wasm/slatedb.wasm'), join(folder, 'slatedb.wasm'))
  return folder
}

/** A server in front of moto that answers as the CORS rules of a bucket make S3 answer. */
async function withCors(t: TestContext, endpoint: string, expose: string): Promise<string> {
  const { port } = new URL(endpoint)
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming
    const cors = {
      'access-control-allow-origin': headers.origin ?? '*',
      'access-control-expose-headers': expose,
    }
    if (method === 'OPTIONS') {
      const asked = headers['access-control-request-headers'] ?? ''
      outgoing.writeHead(200, { ...cors, 'access-control-allow-headers': asked }).end()
      return
    }
    const asked = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...cors })
      answer.pipe(outgoing)
    })
    asked.on('error', () => outgoing.destroy())
    incoming.pipe(asked)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

await withS3Server('browser', ({ bucket, endpoint, s3 }) => {
  test('browser: reads a snapshot from S3 in another origin', async (t) => {
    const browser = await openChromium(t)
    if (browser === undefined) return
    const prefix = `s3://${bucket}/prices`
    const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: `row ${id}` }))
    const sharding = { shards: 3 }
    await writeSnapshot(rows, { prefix, s3, sharding, key: 'id', values: 'json' })

    const site = await serveFolder(await buildPage())
    t.after(() => site.close())
    const page = await browser.newPage()
    await page.goto(`${site.url}/`)
    const read = (more: object): Promise<unknown> =>
      page.evaluate(
        ([at, options, ids]) =>
          (globalThis as unknown as { read: (...args: unknown[]) => unknown }).read(
            at,
            options,
            ids,
          ),
        [prefix, { ...s3, maxAttempts: 2, ...more }, [0, 299, 1000]] as const,
      )
    const exposing = await withCors(t, endpoint, 'ETag, Content-Range')
    const found = { names: ['row 0', 'row 299', undefined], rows: 300 }
    assert.deepEqual(await read({ endpoint: exposing }), found)
    // Without the rule of the bucket, no answer can be checked.
    const hiding = await withCors(t, endpoint, 'Date')
    await assert.rejects(
      read({ endpoint: hiding }),
      /without an ETag.*CORS rules must allow this origin and expose/,
    )
  })
})
