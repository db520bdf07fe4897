import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { runObjectStoreConformance } from '@shardyfusion/core/testing'
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.js'
import { rawClient } from '../../support/s3-raw.js'
import type { S3Server } from '../../support/s3-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const urlsBelow = async (store: S3Store, url: string): Promise<string[]> => {
  const urls = []
  for await (const info of store.list(url)) urls.push(info.url)
  return urls
}

/** The contract of stores and, with a fault proxy in front, all that an S3 server may do to a store. */
export function runS3StoreSuite(server: S3Server): void {
  runObjectStoreConformance({
    test,
    name: 'S3Store',
    open: (t: TestContext) => Promise.resolve(open(t, server)),
  })
  keys(server)
  faults(server)
}

function open(t: TestContext, { bucket, s3 }: S3Server, more: S3Options = {}) {
  const store = new S3Store({ s3: { ...s3, ...more } })
  t.after(() => store.close())
  return { store, root: `s3://${bucket}/${randomUUID()}` }
}

function keys(server: S3Server): void {
  test('S3Store: keys are taken literally, however much they look encoded', async (t) => {
    const { store, root } = open(t, server)
    const names = [
      'a%2Fb',
      'a+b',
      'a b',
      '100%',
      '&amp;',
      '&lt;x',
      '%20',
      ' lead',
      'trail ',
      '日本',
    ].map((name) => `${root}/${name}`)
    for (const url of names) await store.put(url, text(url))
    assert.deepEqual(new Set(await urlsBelow(store, root)), new Set(names))
    for (const url of names) assert.deepEqual(await store.get(url), text(url))
    assert.equal(await store.deletePrefix(root), names.length)
    assert.deepEqual(await urlsBelow(store, root), [])
  })

  test('S3Store: lists and deletes more than one page', async (t) => {
    const { store, root } = open(t, server)
    const count = 1003
    const names = Array.from({ length: count }, (_, i) => `${root}/d${String(i).padStart(4, '0')}`)
    await Promise.all(names.map((name) => store.put(`${name}/x`, text('x'))))
    assert.deepEqual(
      await urlsBelow(store, root),
      names.map((name) => `${name}/x`),
    )
    assert.deepEqual(await store.listPrefixes(root), names)
    assert.equal(await store.deletePrefix(root), count)
    assert.deepEqual(await store.listPrefixes(root), [])
  })

  test('S3Store: keys no URL can name are passed over by list and go with deletePrefix', async (t) => {
    const { store, root } = open(t, server)
    const client = rawClient(t, server)
    const prefix = root.slice(`s3://${server.bucket}/`.length)
    const names =
      server.isPosix === true ? ['a/', 'a/x', 'q?'] : ['a/', 'a//b', 'a/x', 'q?', '../up']
    for (const name of names) {
      // A server over directories stores no bytes in them.
      const Body = name.endsWith('/') ? '' : 'x'
      await client.send(
        new PutObjectCommand({ Bucket: server.bucket, Key: `${prefix}/${name}`, Body }),
      )
    }
    assert.deepEqual(await urlsBelow(store, root), [`${root}/a/x`])
    assert.deepEqual(await store.listPrefixes(root), [`${root}/a`])
    assert.equal(await store.deletePrefix(root), names.length)
  })

  test('S3Store: a large object goes up in one put and comes back whole', async (t) => {
    const { store, root } = open(t, server)
    const bytes = new Uint8Array(24 * 1024 * 1024).map((_, i) => (i * 31 + (i >> 13)) % 256)
    await store.put(`${root}/large`, bytes)
    assert.ok(Buffer.from(bytes).equals((await store.get(`${root}/large`)) ?? new Uint8Array(0)))
    const middle = await store.get(`${root}/large`, {
      range: { start: 9_999_999, end: 10_000_009 },
    })
    assert.deepEqual(middle, bytes.slice(9_999_999, 10_000_009))
  })

  test('S3Store: content type and etag are kept', async (t) => {
    const { store, root } = open(t, server)
    await store.put(`${root}/x`, text('x'), { contentType: 'application/json' })
    const client = rawClient(t, server)
    const { GetObjectCommand } = await import('@aws-sdk/client-s3')
    const Key = `${root}/x`.slice(`s3://${server.bucket}/`.length)
    const found = await client.send(new GetObjectCommand({ Bucket: server.bucket, Key }))
    assert.equal(found.ContentType, 'application/json')
    // Objects of the wire format carry no metadata (wire-format §1.1).
    assert.deepEqual(found.Metadata, {})
    assert.equal((await store.head(`${root}/x`))?.etag, found.ETag)
  })
}

function faults(server: S3Server): void {
  const check = (
    behaviour: string,
    run: (c: { store: S3Store; root: string; proxy: FaultProxy; t: TestContext }) => Promise<void>,
    more: S3Options = {},
  ): void => {
    test(`S3Store: ${behaviour}`, async (t) => {
      const proxy = await startFaultProxy(server.endpoint)
      t.after(() => proxy.stop())
      await run({ ...open(t, server, { ...more, endpoint: proxy.endpoint }), proxy, t })
    })
  }
  /** Does the faults to the first requests of this method, the rest goes through. */
  const first =
    (method: string, ...faultsToDo: ReturnType<FaultProxy['decide']>[]): FaultProxy['decide'] =>
    (request) =>
      request.method === method ? faultsToDo.shift() : undefined

  for (const fault of [
    { kind: 'reset' },
    { kind: 'answer', status: 500 },
    { kind: 'answer', status: 503 },
    { kind: 'answer', status: 429 },
    { kind: 'lose-answer' },
    { kind: 'truncate' },
    { kind: 'hang' },
    { kind: 'stall' },
  ] as const) {
    const name = 'status' in fault ? `${fault.status}` : fault.kind
    check(
      `get is tried again after ${name}`,
      async ({ store, root, proxy }) => {
        const bytes = new Uint8Array(300_000).fill(7)
        await store.put(`${root}/x`, bytes)
        proxy.decide = first('GET', fault, fault)
        assert.deepEqual(await store.get(`${root}/x`), bytes)
        assert.equal(proxy.seen.filter(({ method }) => method === 'GET').length, 3)
      },
      { requestTimeoutMs: 300 },
    )
  }

  check(
    'a slow body is waited for',
    async ({ store, root, proxy }) => {
      const bytes = new Uint8Array(2 * 1024 * 1024).fill(7)
      await store.put(`${root}/x`, bytes)
      proxy.decide = first('GET', { kind: 'slow', ms: 1200 })
      // 1 s, and 2 s more for the 2 MiB.
      assert.deepEqual(await store.get(`${root}/x`), bytes)
      assert.equal(proxy.seen.filter(({ method }) => method === 'GET').length, 1)
    },
    { requestTimeoutMs: 1000 },
  )

  check('put is tried again', async ({ store, root, proxy }) => {
    proxy.decide = first(
      'PUT',
      { kind: 'reset' },
      { kind: 'answer', status: 503 },
      { kind: 'lose-answer' },
    )
    assert.equal(await store.put(`${root}/x`, text('x')), true)
    assert.equal(proxy.seen.length, 4)
  })

  check(
    'put with ifAbsent knows its own object again after a lost answer',
    async ({ store, root, proxy }) => {
      proxy.decide = first('PUT', { kind: 'lose-answer' })
      assert.equal(await store.put(`${root}/x`, text('mine'), { ifAbsent: true }), true)
      proxy.decide = first('PUT', { kind: 'reset' })
      assert.equal(await store.put(`${root}/x`, text('mine'), { ifAbsent: true }), false)
      proxy.decide = first('PUT', { kind: 'lose-answer' })
      assert.equal(await store.put(`${root}/x`, text('mine'), { ifAbsent: true }), false)
      assert.deepEqual(await store.get(`${root}/x`), text('mine'))
    },
  )

  check('a conflict of conditional puts is tried again', async ({ store, root, proxy }) => {
    proxy.decide = first('PUT', {
      kind: 'answer',
      status: 409,
      body: xmlError('ConditionalRequestConflict'),
    })
    assert.equal(await store.put(`${root}/x`, text('x'), { ifAbsent: true }), true)
  })

  check('a listing goes on where a page was lost', async ({ store, root, proxy }) => {
    await Promise.all([1, 2, 3].map((i) => store.put(`${root}/${i}`, text('x'))))
    proxy.decide = first('GET', { kind: 'truncate' }, { kind: 'reset' })
    assert.equal((await urlsBelow(store, root)).length, 3)
  })

  check('a permanent failure is not tried again', async ({ store, root, proxy }) => {
    proxy.decide = () => ({ kind: 'answer', status: 403, body: xmlError('AccessDenied') })
    const error = await rejectsWith('SHARD_STORE', /denied access/, () => store.get(`${root}/x`))
    assert.equal(error.retryable, false)
    assert.deepEqual([error.details['status'], error.details['awsCode']], [403, 'AccessDenied'])
    assert.equal(proxy.seen.length, 1)
  })

  check(
    'a transient failure is given up after maxAttempts, and may be retried',
    async ({ store, root, proxy }) => {
      proxy.decide = () => ({ kind: 'answer', status: 503, body: xmlError('SlowDown') })
      const error = await rejectsWith('SHARD_STORE', /failed after 3 attempts: .*slow down/, () =>
        store.put(`${root}/x`, text('x')),
      )
      assert.equal(error.retryable, true)
      assert.equal(error.details.peer, 'S3TransientError')
      assert.equal(error.details['attempts'], 3)
      assert.equal(proxy.seen.length, 3)
    },
    { maxAttempts: 3 },
  )

  check(
    'an abort ends a request that hangs, and the pause between attempts',
    async ({ store, root, proxy }) => {
      const reason = { why: 'not an Error, on purpose' }
      for (const fault of [{ kind: 'hang' }, { kind: 'answer', status: 500 }] as const) {
        const stop = new AbortController()
        proxy.decide = () => {
          setImmediate(() => stop.abort(reason))
          return fault
        }
        const before = proxy.seen.length
        const outcome = await store
          .get(`${root}/x`, { signal: stop.signal })
          .catch((error: unknown) => error)
        assert.equal(outcome, reason)
        assert.equal(proxy.seen.length, before + 1)
      }
    },
  )

  check(
    'deletes that fail for single keys are tried again for those',
    async ({ store, root, proxy }) => {
      await Promise.all([1, 2, 3].map((i) => store.put(`${root}/${i}`, text('x'))))
      const key = `${root}/2`.slice(`s3://${server.bucket}/`.length)
      proxy.decide = first('POST', {
        kind: 'answer',
        status: 200,
        body: deleteErrors(key, 'InternalError'),
      })
      assert.equal(await store.deletePrefix(root), 3)
      assert.equal(proxy.seen.filter(({ method }) => method === 'POST').length, 2)
    },
  )

  check('deletes that are denied for single keys say which', async ({ store, root, proxy }) => {
    await Promise.all([1, 2, 3].map((i) => store.put(`${root}/${i}`, text('x'))))
    const key = `${root}/2`.slice(`s3://${server.bucket}/`.length)
    proxy.decide = first('POST', {
      kind: 'answer',
      status: 200,
      body: deleteErrors(key, 'AccessDenied'),
    })
    const error = await rejectsWith(
      'SHARD_STORE',
      /1 of 3 objects were left, the first ".*\/2"/,
      () => store.deletePrefix(root),
    )
    assert.equal(error.details['keysLeft'], 1)
    assert.equal(error.retryable, false)
  })

  check('a server without batches of deletes gets single ones', async ({ store, root, proxy }) => {
    await Promise.all([1, 2, 3].map((i) => store.put(`${root}/${i}`, text('x'))))
    proxy.decide = ({ method }) =>
      method === 'POST'
        ? { kind: 'answer', status: 501, body: xmlError('NotImplemented') }
        : undefined
    assert.equal(await store.deletePrefix(root), 3)
    proxy.decide = () => undefined
    assert.deepEqual(await urlsBelow(store, root), [])
  })

  check('a server without ranges gives the range all the same', async ({ store, root, proxy }) => {
    const headers = { etag: '"x"' }
    proxy.decide = () => ({ kind: 'answer', status: 200, body: '0123456789', headers })
    const range = { start: 3, end: 6 }
    assert.deepEqual(await store.get(`${root}/x`, { range }), text('345'))
  })
}

const xmlError = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said so</Message></Error>`
const deleteErrors = (key: string, code: string): string =>
  `<?xml version="1.0"?><DeleteResult><Error><Key>${key}</Key><Code>${code}</Code><Message>m</Message></Error></DeleteResult>`
