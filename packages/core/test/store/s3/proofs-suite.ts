import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { type Fault, type FaultProxy, startFaultProxy } from '../../support/fault-proxy.js'
import type { S3Server } from '../../support/s3-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

interface Case {
  readonly store: S3Store
  readonly root: string
  readonly proxy: FaultProxy
}

/** Answers that prove nothing, and bodies that break their promise. */
export function runS3ProofsSuite(server: S3Server): void {
  proofs(server)
  bounds(server)
}

function checks(server: S3Server) {
  return (behaviour: string, run: (c: Case) => Promise<void>, more: S3Options = {}): void => {
    test(`S3Store: ${behaviour}`, async (t: TestContext) => {
      const proxy = await startFaultProxy(server.endpoint)
      t.after(() => proxy.stop())
      const store = new S3Store({ s3: { ...server.s3, ...more, endpoint: proxy.endpoint } })
      t.after(() => store.close())
      await run({ store, proxy, root: `s3://${server.bucket}/${randomUUID()}` })
    })
  }
}

/** Does the faults to the first requests of this method; the rest goes through. */
function first(method: string, ...faults: Fault[]): FaultProxy['decide'] {
  return (request) => (request.method === method ? faults.shift() : undefined)
}

async function urlsBelow(store: S3Store, url: string): Promise<string[]> {
  const urls = []
  for await (const info of store.list(url)) urls.push(info.url)
  return urls
}

function proofs(server: S3Server): void {
  const check = checks(server)

  check('a login page is no answer to any call', async ({ store, root, proxy }) => {
    proxy.decide = () => ({ kind: 'login-page' })
    const calls: Record<string, () => Promise<unknown>> = {
      put: () => store.put(`${root}/x`, text('x')),
      putIfAbsent: () => store.put(`${root}/x`, text('x'), { ifAbsent: true }),
      get: () => store.get(`${root}/x`),
      range: () => store.get(`${root}/x`, { range: { start: 1, end: 2 } }),
      head: () => store.head(`${root}/x`),
      delete: () => store.delete(`${root}/x`),
      list: () => urlsBelow(store, root),
      listPrefixes: () => store.listPrefixes(root),
      deletePrefix: () => store.deletePrefix(root),
    }
    for (const [name, call] of Object.entries(calls)) {
      const error = await rejectsWith('SHARD_STORE', /answers, but not like S3/, call)
      assert.deepEqual([error.details['kind'], error.retryable], ['not-s3', false], name)
    }
    // Nothing there has ever answered like S3, so asking again is of no use.
    assert.equal(proxy.seen.length, Object.keys(calls).length)
  })

  check('a login page in between is a failure that passes', async ({ store, root, proxy }) => {
    await store.put(`${root}/a/x`, text('x'))
    const page: Fault = { kind: 'login-page' }
    proxy.decide = first('PUT', page)
    assert.equal(await store.put(`${root}/a/y`, text('y')), true)
    proxy.decide = first('GET', page)
    assert.deepEqual(await store.get(`${root}/a/y`), text('y'))
    proxy.decide = first('GET', page)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/a/x`, `${root}/a/y`])
    proxy.decide = first('HEAD', page)
    assert.equal((await store.head(`${root}/a/y`))?.bytes, 1)
    proxy.decide = first('DELETE', page)
    await store.delete(`${root}/a/y`)
    assert.deepEqual(await urlsBelow(store, root), [`${root}/a/x`])
    proxy.decide = first('POST', page)
    assert.equal(await store.deletePrefix(root), 1)
    assert.deepEqual(await urlsBelow(store, root), [])
  })

  check(
    'a login page that stays is an error that may be retried',
    async ({ store, root, proxy }) => {
      await store.put(`${root}/x`, text('x'))
      proxy.decide = () => ({ kind: 'login-page' })
      const error = await rejectsWith('SHARD_STORE', /instead of an answer.*login page/, () =>
        store.put(`${root}/x`, text('y')),
      )
      assert.deepEqual([error.details['kind'], error.retryable], ['not-s3', true])
    },
    { maxAttempts: 2 },
  )

  check('a put whose answer became a page knows its object', async ({ store, root, proxy }) => {
    await store.put(`${root}/other`, text('x'))
    proxy.decide = first('PUT', { kind: 'login-page-after' })
    assert.equal(await store.put(`${root}/x`, text('mine'), { ifAbsent: true }), true)
  })

  check('a put that arrived twice knows its object', async ({ store, root, proxy }) => {
    proxy.decide = first('PUT', { kind: 'twice' })
    assert.equal(await store.put(`${root}/x`, text('mine'), { ifAbsent: true }), true)
    proxy.decide = first('PUT', { kind: 'twice' })
    assert.equal(await store.put(`${root}/x`, text('mine'), { ifAbsent: true }), false)
    assert.equal(proxy.done['twice'], 2)
  })

  check(
    'a delete that arrived twice or lost its answer is done',
    async ({ store, root, proxy }) => {
      for (const kind of ['twice', 'lose-answer', 'login-page-after'] as const) {
        await store.put(`${root}/a/x`, text('x'))
        await store.put(`${root}/a/y`, text('y'))
        proxy.decide = first('DELETE', { kind })
        await store.delete(`${root}/a/x`)
        proxy.decide = first('POST', { kind })
        assert.equal(await store.deletePrefix(root), 1)
        assert.deepEqual(await urlsBelow(store, root), [])
      }
    },
  )

  check('a batch of deletes that names no keys is not believed', async ({ store, root, proxy }) => {
    for (const name of ['x', 'y']) await store.put(`${root}/${name}`, text('x'))
    const body = '<?xml version="1.0"?><DeleteResult></DeleteResult>'
    proxy.decide = first('POST', { kind: 'answer', status: 200, body })
    assert.equal(await store.deletePrefix(root), 2)
    assert.deepEqual(await urlsBelow(store, root), [])
  })

  check('a server that refuses batches gets single deletes', async ({ store, root, proxy }) => {
    for (const name of ['x', 'y']) await store.put(`${root}/${name}`, text('x'))
    const body = '<Error><Code>InvalidArgument</Code><Message>no such thing</Message></Error>'
    proxy.decide = first('POST', { kind: 'answer', status: 400, body })
    assert.equal(await store.deletePrefix(root), 2)
    assert.deepEqual(await urlsBelow(store, root), [])
  })

  check('a list has the shape of a list', async ({ store, root, proxy }) => {
    const listing = (inner: string): string =>
      `<?xml version="1.0"?><ListBucketResult><Name>b</Name>${inner}</ListBucketResult>`
    for (const body of [
      '<html><body/></html>',
      '<?xml version="1.0"?><Welcome><Name>b</Name></Welcome>',
      listing(''),
      listing('<IsTruncated>true</IsTruncated>'),
      listing('<IsTruncated>false</IsTruncated><Contents><Key>k</Key></Contents>'),
      listing('<IsTruncated>false</IsTruncated><Contents><Size>3</Size></Contents>'),
    ]) {
      proxy.decide = () => ({ kind: 'answer', status: 200, body })
      await rejectsWith('SHARD_STORE', /not like S3/, () => urlsBelow(store, root))
    }
  })
}

function bounds(server: S3Server): void {
  const check = checks(server)
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i)

  check('a part that ends early is asked for again', async ({ store, root, proxy }) => {
    await store.put(`${root}/x`, bytes)
    for (const range of [
      { start: 10, end: 3000 },
      { start: 4000, end: Number.MAX_SAFE_INTEGER },
    ]) {
      proxy.decide = first('GET', { kind: 'halve' }, { kind: 'halve' })
      const got = await store.get(`${root}/x`, { range })
      assert.deepEqual(got, bytes.slice(range.start, range.end))
    }
    assert.equal(proxy.done['halve'], 4)
  })

  check(
    'another part than was asked for is not believed',
    async ({ store, root, proxy }) => {
      const headers = { etag: '"x"', 'content-range': 'bytes 0-4/100' }
      proxy.decide = () => ({ kind: 'answer', status: 206, body: '01234', headers })
      const range = { start: 5, end: 10 }
      const error = await rejectsWith('SHARD_STORE', /bytes 0 to 5 for bytes 5 to 10/, () =>
        store.get(`${root}/x`, { range }),
      )
      assert.equal(error.details['kind'], 'not-s3')
    },
    { maxAttempts: 1 },
  )

  check(
    'a body that dribbles is given up, however much is announced',
    async ({ store, root, proxy }) => {
      const headers = { etag: '"x"', 'content-length': String(2 ** 30) }
      proxy.decide = () => ({ kind: 'answer', status: 200, body: '', headers })
      await rejectsWith('SHARD_STORE', /did not answer in time|broke/, () => store.get(`${root}/x`))
      proxy.decide = () => undefined
      await store.put(`${root}/x`, bytes)
      proxy.decide = () => ({ kind: 'dribble', ms: 20 })
      const error = await rejectsWith('SHARD_STORE', /did not answer in time/, () =>
        store.get(`${root}/x`),
      )
      assert.deepEqual([error.details['kind'], error.retryable], ['timeout', true])
    },
    { maxAttempts: 1, requestTimeoutMs: 300 },
  )

  check(
    'an object larger than memory is refused by its announced length',
    async ({ store, root, proxy }) => {
      const headers = { etag: '"x"', 'content-length': String(2 ** 40) }
      proxy.decide = () => ({ kind: 'answer', status: 200, body: 'x', headers })
      const error = await rejectsWith('SHARD_STORE', /1099511627776 bytes or more/, () =>
        store.get(`${root}/x`),
      )
      assert.deepEqual([error.details['kind'], error.retryable], ['too-large', false])
    },
  )
}
