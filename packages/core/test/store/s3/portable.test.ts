import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type * as Core from '@shardyfusion/core'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { runObjectStoreConformance } from '@shardyfusion/core/testing'
import { startFaultProxy } from '../../support/fault-proxy.js'
import { startRecordingServer } from '../../support/recording-server.js'
import { withS3Server } from '../../support/s3-server.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const KEYS = { accessKeyId: 'id-4F0C', secretAccessKey: 'secret-9b1d' }

/** Core as a bundler for browsers resolves it; the build fails on any module of Node. */
async function loadForBrowsers(): Promise<Pick<typeof Core, 'openObjectStore'>> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: "export { openObjectStore } from '@shardyfusion/core'",
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  })
  assert.ok(!Object.keys(metafile.inputs).some((name) => name.includes('@aws-sdk')))
  const file = join(tempFolder(), 'core.mjs')
  writeFileSync(file, outputFiles[0]!.contents)
  return (await import(pathToFileURL(file).href)) as typeof Core
}

const { openObjectStore } = await loadForBrowsers()

await withS3Server('S3Store over fetch', (server) => {
  const open = async (t: TestContext, endpoint = server.endpoint) => {
    const store = await openStore({ ...server.s3, requestTimeoutMs: 2000, endpoint })
    t.after(() => store.close?.())
    return { store, root: `s3://${server.bucket}/${randomUUID()}` }
  }

  runObjectStoreConformance({
    test,
    name: 'S3Store over fetch',
    open: (t: TestContext) => open(t),
  })

  for (const kind of ['reset', 'lose-answer', 'truncate', 'hang', 'stall', 'halve'] as const) {
    test(`S3Store over fetch: get is tried again after ${kind}`, async (t) => {
      const proxy = await startFaultProxy(server.endpoint)
      t.after(() => proxy.stop())
      const { store, root } = await open(t, proxy.endpoint)
      const bytes = Uint8Array.from({ length: 50_000 }, (_, i) => i)
      await store.put(`${root}/x`, bytes)
      const faults = [{ kind }]
      proxy.decide = ({ method }) => (method === 'GET' ? faults.shift() : undefined)
      const range = { start: 10, end: 40_000 }
      assert.deepEqual(await store.get(`${root}/x`, { range }), bytes.slice(10, 40_000))
      assert.equal(proxy.done[kind], 1)
    })
  }
})

test('S3Store over fetch: an unsigned read has no headers that need permission of CORS but the range', async (t) => {
  const { endpoint, requests } = await startRecordingServer(t)
  const store = await openStore({ credentials: 'none', endpoint })
  assert.equal((await store.get('s3://bucket/a+b/x'))?.length, 1)
  const names = Object.keys(requests[0]!.headers)
  assert.deepEqual(
    names.filter((name) => /^(?:authorization|x-amz-.*|content-.*|if-.*)$/.test(name)),
    [],
  )
  assert.equal(requests[0]?.url, '/bucket/a%2Bb/x')
})

test('S3Store over fetch: what the platform cannot do is refused when the store opens', async () => {
  const refuse = (s3: S3Options, message: RegExp): Promise<unknown> =>
    assert.rejects(openStore({ credentials: KEYS, ...s3 }), {
      code: 'SHARD_INVALID_OPTION',
      message,
    })
  await refuse({ proxy: 'http://p:1' }, /s3\.proxy needs Node\.js/)
  await refuse({ verifyTls: false }, /s3\.verifyTls: false needs Node\.js/)
  await refuse({ caFile: '/x' }, /s3\.caFile needs Node\.js/)
  await openStore({ credentials: KEYS, proxy: false })
})

test('S3Store over fetch: a lost connection and missing keys say what a page may lack', async () => {
  const gone = await openStore({
    credentials: KEYS,
    endpoint: 'http://127.0.0.1:1',
    maxAttempts: 1,
  })
  await rejectsWith('SHARD_STORE', /refuses connections|broke .*CORS/, () =>
    gone.get('s3://bucket/x'),
  )
  const saved = { ...process.env }
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  try {
    const keyless = await openStore({ endpoint: 'http://127.0.0.1:1' })
    await rejectsWith('SHARD_STORE', /no credentials found \(this platform provides none\)/, () =>
      keyless.get('s3://bucket/x'),
    )
  } finally {
    Object.assign(process.env, saved)
  }
})

function openStore(s3: S3Options) {
  return openObjectStore('s3://bucket/x', { s3 })
}
