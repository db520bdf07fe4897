import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { HttpStore, type HttpStoreOptions, MemoryStore } from '@shardyfusion/core'
import type { ObjectInfo } from '@shardyfusion/core/extend'
import { writeHttpIndex } from '@shardyfusion/core/maintain'
import { openObjectStore } from '#dist/store/open-store.js'
import { StaticServer } from '../support/static-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const ROOT = 'memory://http-store'
const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i)

async function serve(t: TestContext, options: HttpStoreOptions = { maxAttempts: 1 }) {
  const origin = new MemoryStore()
  const server = await StaticServer.open(t, origin, ROOT)
  return { origin, server, root: server.prefix, store: new HttpStore(server.prefix, options) }
}

async function listed(store: HttpStore, url: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = []
  for await (const info of store.list(url)) found.push(info)
  return found
}

const ranges: [start: number, end: number][] = [
  [0, 100],
  [0, 1],
  [10, 20],
  [99, 100],
  [90, 1000],
  [100, 200],
  [500, 600],
  [7, 7],
  [9, 3],
  [-5, 5],
  [50, Number.MAX_SAFE_INTEGER],
  [0, Number.MAX_SAFE_INTEGER],
]

for (const serverHasRanges of [true, false]) {
  const kind = serverHasRanges ? 'with' : 'without'
  test(`HttpStore: gives the same bytes as other stores from a server ${kind} ranges`, async (t) => {
    const { origin, server, root, store } = await serve(t)
    server.ranges = serverHasRanges
    await origin.put(`${ROOT}/a/b c/x`, BYTES)
    await origin.put(`${ROOT}/a/empty`, new Uint8Array(0))
    for (const name of ['a/b c/x', 'a/empty', 'a/absent']) {
      assert.deepEqual(await store.get(`${root}/${name}`), await origin.get(`${ROOT}/${name}`))
      for (const [start, end] of ranges) {
        const range = { start, end }
        assert.deepEqual(
          await store.get(`${root}/${name}`, { range }),
          await origin.get(`${ROOT}/${name}`, { range }),
          `${name} ${start}-${end}`,
        )
      }
    }
  })
}

test('HttpStore: asks only for the bytes of a range', async (t) => {
  const { origin, server, root, store } = await serve(t)
  await origin.put(`${ROOT}/a/x`, BYTES)
  await store.get(`${root}/a/x`, { range: { start: 3, end: 5 } })
  await store.get(`${root}/a/x`, { range: { start: 3, end: Number.MAX_SAFE_INTEGER } })
  await store.get(`${root}/a/x`)
  assert.deepEqual(
    server.requests.map(({ range }) => range),
    ['bytes=3-4', 'bytes=3-', undefined],
  )
})

test('HttpStore: head gives size and date, undefined where there is nothing', async (t) => {
  const { origin, root, store } = await serve(t)
  await origin.put(`${ROOT}/x`, BYTES)
  const info = await store.head(`${root}/x`)
  assert.equal(info?.bytes, BYTES.length)
  assert.ok(Math.abs(info.modifiedAt.getTime() - Date.now()) < 60_000)
  assert.equal(await store.head(`${root}/y`), undefined)
})

test('HttpStore: lists what the index names, as the origin would', async (t) => {
  const { origin, root, store } = await serve(t)
  for (const name of ['a/1', 'a/2', 'a-b/1', 'a/c/d', 'b']) {
    await origin.put(`${ROOT}/${name}`, BYTES)
  }
  assert.equal(await writeHttpIndex(origin, `${ROOT}/`), 5)
  assert.equal(await writeHttpIndex(origin, ROOT), 5, 'the index does not name itself')
  const relative = (infos: ObjectInfo[]) => infos.map(({ url }) => url.slice(root.length + 1))
  assert.deepEqual(relative(await listed(store, root)), ['a-b/1', 'a/1', 'a/2', 'a/c/d', 'b'])
  assert.deepEqual(relative(await listed(store, `${root}/a/`)), ['a/1', 'a/2', 'a/c/d'])
  assert.deepEqual(await listed(store, `${root}/none`), [])
  assert.equal((await listed(store, `${root}/a`))[0]?.bytes, BYTES.length)
  assert.deepEqual(await store.listPrefixes(root), [`${root}/a`, `${root}/a-b`])
  assert.deepEqual(await store.listPrefixes(`${root}/a`), [`${root}/a/c`])
})

test('HttpStore: fetches the index once, and anew after a look at what can be replaced', async (t) => {
  const { origin, server, root, store } = await serve(t)
  await origin.put(`${ROOT}/a/1`, BYTES)
  await writeHttpIndex(origin, ROOT)
  await Promise.all([listed(store, root), listed(store, `${root}/a`)])
  await store.get(`${root}/a/1`)
  assert.equal((await listed(store, root)).length, 1)
  const indexRequests = () => server.requests.filter(({ path }) => path.endsWith('_INDEX.json'))
  assert.equal(indexRequests().length, 1)

  await origin.put(`${ROOT}/a/2`, BYTES)
  await writeHttpIndex(origin, ROOT)
  await store.get(`${root}/_CURRENT`)
  assert.equal((await listed(store, root)).length, 2)
  assert.equal(indexRequests().length, 2)
})

test('HttpStore: says how to make a missing index, and finds it once it is there', async (t) => {
  const { origin, root, store } = await serve(t)
  await rejectsWith('SHARD_STORE', /_INDEX\.json.*writeHttpIndex/, () => listed(store, root))
  await origin.put(`${ROOT}/a/1`, BYTES)
  await writeHttpIndex(origin, ROOT)
  assert.equal((await listed(store, root)).length, 1)
})

const badIndexes: [name: string, text: string][] = [
  ['no JSON', '<html>'],
  ['another version', '{"format_version":2,"objects":[]}'],
  ['no list', '{"format_version":1}'],
  ['null', 'null'],
  ['a path that climbs', indexOf({ path: 'a/../../x', bytes: 1, modified_at: '2026-01-01' })],
  ['a path that is a URL part', indexOf({ path: 'a?b', bytes: 1, modified_at: '2026-01-01' })],
  ['no size', indexOf({ path: 'a', modified_at: '2026-01-01' })],
  ['no date', indexOf({ path: 'a', bytes: 1, modified_at: 'soon' })],
  ['no object', indexOf(null)],
]

function indexOf(object: unknown): string {
  return JSON.stringify({ format_version: 1, objects: [object] })
}

for (const [name, text] of badIndexes) {
  test(`HttpStore: refuses an index with ${name}`, async (t) => {
    const { origin, root, store } = await serve(t)
    await origin.put(`${ROOT}/_INDEX.json`, new TextEncoder().encode(text))
    await rejectsWith('SHARD_STORE', /_INDEX\.json" must be JSON/, () => listed(store, root))
  })
}

test('HttpStore: writes are refused before anything is sent', async (t) => {
  const { server, root, store } = await serve(t)
  for (const call of ['put', 'delete', 'deletePrefix'] as const) {
    const error = await rejectsWith('SHARD_STORE', /read-only/, () => store[call](`${root}/x`))
    assert.equal(error.retryable, false)
    assert.match(error.message, new RegExp(`^HttpStore\\.${call}: `))
  }
  assert.deepEqual(server.requests, [])
})

test('HttpStore: tells failures that pass from those that do not', async (t) => {
  const { server, root, store } = await serve(t)
  for (const [status, retryable] of [
    [500, true],
    [503, true],
    [429, true],
    [403, false],
    [400, false],
  ] as const) {
    server.intercept = (_, response) => (response.writeHead(status).end('no'), true)
    const url = `${root}/a/x`
    for (const call of [() => store.get(url), () => store.head(url)]) {
      const error = await rejectsWith('SHARD_STORE', new RegExp(`status ${status}`), call)
      assert.equal(error.retryable, retryable)
      assert.equal(error.details['status'], status)
    }
  }
})

test('HttpStore: a lost connection and a body cut short are failures that pass', async (t) => {
  const { server, root, store } = await serve(t)
  server.intercept = (_, response) => (response.destroy(), true)
  const lost = await rejectsWith('SHARD_STORE', /could not be fetched/, () =>
    store.get(`${root}/x`),
  )
  assert.equal(lost.retryable, true)
  server.intercept = (_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('short')
    response.once('drain', () => {})
    setImmediate(() => response.destroy())
    return true
  }
  const short = await rejectsWith('SHARD_STORE', /could not be fetched/, () =>
    store.get(`${root}/x`),
  )
  assert.equal(short.retryable, true)
})

test('HttpStore: refuses a range it did not ask for', async (t) => {
  const { server, root, store } = await serve(t)
  server.intercept = (_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 0-4/100' }).end('01234')
    return true
  }
  const range = { start: 5, end: 10 }
  await rejectsWith('SHARD_STORE', /a different range/, () => store.get(`${root}/x`, { range }))
})

test('HttpStore: a failure that passes is tried again, and counted', async (t) => {
  const { origin, server, root, store } = await serve(t, { maxAttempts: 3 })
  await origin.put(`${ROOT}/a/x`, BYTES)
  const faults: ((response: ServerResponse) => unknown)[] = [
    (response) => response.destroy(),
    (response) => response.writeHead(503).end(),
  ]
  server.intercept = (_, response) => {
    const fault = faults.shift()
    fault?.(response)
    return fault !== undefined
  }
  assert.deepEqual(await store.get(`${root}/a/x`), BYTES)
  assert.equal(server.requests.length, 3)
  server.intercept = (_, response) => (response.writeHead(503).end(), true)
  await rejectsWith('SHARD_STORE', /status 503/, () => store.get(`${root}/a/x`))
  assert.equal(server.requests.length, 6)
})

test('HttpStore: a part that ends early is asked for again', async (t) => {
  const { origin, server, root, store } = await serve(t, { maxAttempts: 2 })
  await origin.put(`${ROOT}/a/x`, BYTES)
  for (const range of [
    { start: 10, end: 20 },
    { start: 90, end: 1000 },
  ]) {
    let short = true
    server.intercept = (_, response) => {
      if (!short) return false
      short = false
      const part = `bytes ${range.start}-${range.start + 4}/100`
      response.writeHead(206, { 'content-range': part, 'content-length': 5 }).end('01234')
      return true
    }
    const got = await store.get(`${root}/a/x`, { range })
    assert.deepEqual(got, BYTES.slice(range.start, range.end))
    assert.equal(short, false)
  }
  server.intercept = (_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 10-14/100' }).end('01234')
    return true
  }
  const range = { start: 10, end: 20 }
  const error = await rejectsWith(
    'SHARD_STORE',
    /did not arrive completely \(5 of 10 bytes arrived\)/,
    () => store.get(`${root}/a/x`, { range }),
  )
  assert.equal(error.retryable, true)
})

const slowAnswers: [name: string, answer: (response: ServerResponse) => void][] = [
  ['no answer', () => {}],
  ['headers and no body', (response) => response.writeHead(200).flushHeaders()],
  ['half a body', (response) => response.writeHead(200, { 'content-length': 100 }).write('half')],
  [
    'a body without an end, byte by byte',
    (response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'), 10)
      response.once('close', () => clearInterval(timer))
    },
  ],
]
for (const [name, answer] of slowAnswers) {
  test(`HttpStore: gives up ${name}`, async (t) => {
    const { server, root, store } = await serve(t, { maxAttempts: 1, requestTimeoutMs: 200 })
    server.intercept = (_, response) => (answer(response), true)
    const error = await rejectsWith('SHARD_STORE', /did not arrive in time/, () =>
      store.get(`${root}/a/x`),
    )
    assert.equal(error.retryable, true)
  })
}

test('HttpStore: refuses more bytes than were asked for or are taken', async (t) => {
  const { server, root, store } = await serve(t, { maxAttempts: 1, maxObjectBytes: 1000 })
  const url = `${root}/a/x`
  for (const headers of [{ 'content-length': 10 ** 12 }, {}]) {
    server.intercept = (_, response) => {
      response.writeHead(200, headers).write(new Uint8Array(2000))
      return true
    }
    const error = await rejectsWith('SHARD_STORE', /is too large .*maxObjectBytes/, () =>
      store.get(url),
    )
    assert.equal(error.retryable, false)
  }
  server.intercept = (_, response) => (response.writeHead(206).end(new Uint8Array(500)), true)
  const range = { start: 0, end: 10 }
  await rejectsWith('SHARD_STORE', /a different range|too large/, () => store.get(url, { range }))
})

test('HttpStore: follows redirects within its origin and no others', async (t) => {
  const { origin, server, root, store } = await serve(t)
  const other = await serve(t)
  await origin.put(`${ROOT}/a/moved`, BYTES)
  await other.origin.put(`${ROOT}/a/x`, BYTES)
  let location = '/data/a/moved'
  server.intercept = ({ url }, response) => {
    if (url !== '/data/a/x') return false
    response.writeHead(302, { location }).end()
    return true
  }
  const url = `${root}/a/x`
  assert.deepEqual(await store.get(url), BYTES)
  assert.deepEqual(await store.get(url, { range: { start: 3, end: 5 } }), BYTES.slice(3, 5))
  assert.equal((await store.head(url))?.bytes, BYTES.length)
  location = '/data/a/x'
  await rejectsWith('SHARD_STORE', /redirects more than 5 times/, () => store.get(url))
  location = `${other.root}/a/x?token=hush`
  for (const call of [() => store.get(url), () => store.head(url)]) {
    const error = await rejectsWith('SHARD_STORE', /to another origin, "http:.*followCross/, call)
    assert.deepEqual([error.retryable, error.message.includes('hush')], [false, false])
  }
  assert.deepEqual(other.server.requests, [])
  location = `${other.root}/a/x`
  // A fetch of the caller's that follows by itself is found out afterwards.
  const following = new HttpStore(root, {
    fetch: (at, init) => fetch(at, { ...init, redirect: 'follow' }),
  })
  await rejectsWith('SHARD_STORE', /to another origin/, () => following.get(url))
  const any = new HttpStore(root, { followCrossOrigin: true })
  assert.deepEqual(await any.get(url), BYTES)
})

test('HttpStore: refuses options it does not know', async () => {
  const wrong = { timeoutMs: 1 } as HttpStoreOptions
  await rejectsWith('SHARD_INVALID_OPTION', /timeoutMs/, () => new HttpStore('https://h/x', wrong))
})

test('HttpStore: an aborted signal ends a call with its own reason', async (t) => {
  const { server, root, store } = await serve(t)
  const reason = new Error('enough')
  const aborted = AbortSignal.abort(reason)
  await assert.rejects(store.get(`${root}/x`, { signal: aborted }), reason)
  assert.deepEqual(server.requests, [])
  const controller = new AbortController()
  server.intercept = () => (controller.abort(reason), true)
  await assert.rejects(store.get(`${root}/x`, { signal: controller.signal }), reason)
})

test('HttpStore: serves what lies below its root and nothing else', async (t) => {
  const { server, root, store } = await serve(t)
  const elsewhere = [
    `${root}-2/x`,
    `${root}/../x`,
    `${root}/%2e%2e/x`,
    `${root}/x?y`,
    'http://127.0.0.2/data/x',
    'file:///etc/passwd',
  ]
  for (const url of elsewhere) {
    await rejectsWith('SHARD_STORE', /cannot use the URL/, () => store.get(url))
    await rejectsWith('SHARD_STORE', /cannot use the URL/, () => store.head(url))
    await rejectsWith('SHARD_STORE', /cannot use the URL/, () => listed(store, url))
  }
  assert.deepEqual(server.requests, [])
})

test('HttpStore: its root must be an http URL without credentials', async () => {
  await rejectsWith('SHARD_INVALID_OPTION', /credentials/, () => new HttpStore('https://a:b@c/d'))
  await rejectsWith('SHARD_INVALID_OPTION', /name the host/, () => new HttpStore('https:///d'))
  await rejectsWith('SHARD_INVALID_OPTION', /lower case/, () => new HttpStore('HTTP://c/d'))
  await rejectsWith('SHARD_STORE', /http\(s\):\/\//, () => new HttpStore('memory://c/d'))
  assert.equal(new HttpStore('https://host').root, 'https://host')
})

test('openObjectStore: http:// gives an HttpStore of that root', async (t) => {
  const { origin, root } = await serve(t)
  await origin.put(`${ROOT}/a/x`, BYTES)
  const store = await openObjectStore(`${root}/`)
  assert.ok(store instanceof HttpStore)
  assert.deepEqual(await store.get(`${root}/a/x`), BYTES)
})
