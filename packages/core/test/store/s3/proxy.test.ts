import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import type { Environment } from '#dist/store/environment/environment.js'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { proxyRule } from '#dist/store/s3/wire/proxy-rule.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { withProcessEnv } from '../../support/process-env.js'
import { pythonWith } from '@shardyfusion/test-support/python-with'
import { startRecordingServer } from '../../support/recording-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { tempDirectory } from '../temp-root.js'

const KEYS = { accessKeyId: 'KEYID4F0C', secretAccessKey: 'secret-9b1d' }
const USER = `Basic ${Buffer.from('me:p@ss word').toString('base64')}`

/** A proxy on this machine to which every host name means 127.0.0.1. */
async function startProxy(t: TestContext, password?: string) {
  const seen: string[] = []
  const sockets = new Set<Socket>()
  const allows = (authorization: unknown): boolean =>
    password === undefined || authorization === password
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming
    seen.push(`${method} ${url.split('?')[0]}`)
    if (!allows(headers['proxy-authorization'])) {
      outgoing.writeHead(407, { 'content-type': 'text/html' }).end('<html>who are you?</html>')
      return
    }
    const { port, pathname, search } = new URL(url)
    const asked = request(
      { port, host: '127.0.0.1', method, path: pathname + search, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    asked.on('error', () => outgoing.destroy())
    incoming.pipe(asked)
  })
  server.on('connect', ({ url = '', headers }, socket: Socket) => {
    seen.push(`CONNECT ${url}`)
    sockets.add(socket)
    socket.on('error', () => {})
    if (!allows(headers['proxy-authorization'])) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const target = connect(Number(url.split(':').at(-1)), '127.0.0.1')
    sockets.add(target)
    target.on('error', () => socket.destroy())
    target.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      target.pipe(socket)
      socket.pipe(target)
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

async function tlsFiles(t: TestContext) {
  const python = pythonWith('cryptography')
  if (python === undefined) return undefined
  const folder = await tempDirectory(t)
  const script = fileURLToPath(new URL('../../../test/support/tls-files.py', import.meta.url))
  execFileSync(python, [script, folder])
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return { caFile: join(folder, 'ca.pem'), cert: read('cert.pem'), key: read('key.pem') }
}

function openStore(t: TestContext, s3: S3Options, env: Environment = {}): S3Store {
  const store = new S3Store({
    s3: { credentials: KEYS, region: 'r', maxAttempts: 1, ...s3 },
    env,
  })
  t.after(() => store.close())
  return store
}

for (const [from, arrange] of [
  ['the option', (url) => [{ proxy: url }, {}, {}]],
  ['HTTP_PROXY of the process', (url) => [{}, {}, { HTTP_PROXY: url }]],
  ['http_proxy of env', (url) => [{ proxy: false }, { http_proxy: url }, {}]],
  ['ALL_PROXY', (url) => [{}, {}, { ALL_PROXY: url.replace('http://', '') }]],
] as readonly [string, (url: string) => [S3Options, Environment, Record<string, string>]][]) {
  test(`a plain endpoint is asked through the proxy of ${from}`, async (t) => {
    const { endpoint, requests } = await startRecordingServer(t)
    const proxy = await startProxy(t, USER)
    const [s3, env, variables] = arrange(`http://me:p%40ss%20word@127.0.0.1:${proxy.port}`)
    withProcessEnv(t, variables)
    // A name that only the proxy knows.
    const far = `http://storage.invalid:${new URL(endpoint).port}`
    const store = openStore(t, { ...s3, endpoint: far }, env)
    assert.equal((await store.get('s3://bucket/a b'))?.length, 1)
    assert.equal(await store.put('s3://bucket/x', new Uint8Array(10)), true)
    assert.deepEqual(proxy.seen, [`GET ${far}/bucket/a%20b`, `PUT ${far}/bucket/x`])
    assert.equal(requests[0]?.headers.host, new URL(far).host)
    const engine = await store.engineEnvironment('s3://bucket/p')
    assert.match(engine['AWS_PROXY_URL'] ?? '', /^http:\/\/me:/)
  })
}

test('a TLS endpoint is asked through a tunnel, which is kept', async (t) => {
  withProcessEnv(t, {})
  const tls = await tlsFiles(t)
  if (tls === undefined) {
    t.skip('needs Python with cryptography (npm run setup:s3) for a certificate')
    return
  }
  const { endpoint, requests } = await startRecordingServer(t, undefined, tls)
  const proxy = await startProxy(t, USER)
  const url = `http://me:p%40ss%20word@127.0.0.1:${proxy.port}`
  const { port } = new URL(endpoint)
  const far = `https://localhost:${port}`
  const store = openStore(t, { proxy: url, caFile: tls.caFile, endpoint: far })
  for (let i = 0; i < 3; i++) assert.equal((await store.get('s3://bucket/x'))?.length, 1)
  assert.deepEqual(proxy.seen, [`CONNECT localhost:${port}`])
  assert.equal(requests.length, 3)
  assert.equal(requests[0]?.headers['proxy-authorization'], undefined)

  const careless = openStore(t, { proxy: url, verifyTls: false, endpoint: far })
  assert.equal((await careless.get('s3://bucket/x'))?.length, 1)
  const distrusting = openStore(t, { proxy: url, endpoint: far })
  await rejectsWith('SHARD_STORE', /no trusted TLS connection/, () =>
    distrusting.get('s3://bucket/x'),
  )
})

test('a proxy that refuses or is not there is named, without its password', async (t) => {
  withProcessEnv(t, {})
  const proxy = await startProxy(t, 'Basic another')
  const failsWith = async (s3: S3Options, message: RegExp, retryable: boolean): Promise<void> => {
    const error = await rejectsWith('SHARD_STORE', message, () =>
      openStore(t, { requestTimeoutMs: 5000, ...s3 }).get('s3://bucket/x'),
    )
    assert.equal(error.retryable, retryable)
    assert.equal(error.details['kind'], 'proxy')
    assert.doesNotMatch(inspect(error, { depth: Infinity, showHidden: true }), /hush|aHVzaA/)
  }
  const endpoint = 'https://storage.invalid'
  const url = `http://me:hush@127.0.0.1:${proxy.port}`
  const refused =
    /no connection to https?:.*: the proxy 127.0.0.1:\d+ \(s3\.proxy\) answered HTTP 407/
  await failsWith({ proxy: url, endpoint }, refused, false)
  await failsWith({ proxy: url, endpoint: 'http://storage.invalid' }, refused, false)
  const { port } = await startProxy(t)
  const nobody = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => nobody.once('listening', resolve))
  const free = (nobody.address() as AddressInfo).port
  await new Promise((resolve) => nobody.close(resolve))
  const gone = `http://me:hush@127.0.0.1:${free}`
  for (const scheme of ['http', 'https']) {
    const there = { endpoint: `${scheme}://storage.invalid:${port}` }
    await failsWith(
      { ...there, proxy: gone },
      /\(s3\.proxy\) cannot be reached: ECONNREFUSED/,
      true,
    )
  }
})

test('a proxy that never answers is given up in time', async (t) => {
  withProcessEnv(t, {})
  const hole = createServer()
    .on('connect', () => {})
    .listen(0, '127.0.0.1')
  await new Promise((resolve) => hole.once('listening', resolve))
  t.after(() => {
    hole.closeAllConnections()
    hole.close()
  })
  const proxy = `http://127.0.0.1:${(hole.address() as AddressInfo).port}`
  const store = openStore(t, { proxy, endpoint: 'https://storage.invalid', connectTimeoutMs: 100 })
  await rejectsWith('SHARD_STORE', /the proxy .* did not connect within 100 ms/, () =>
    store.get('s3://bucket/x'),
  )
})

const rule = (
  option: string | false | undefined,
  given: Record<string, string>,
  ambient: Record<string, string>,
) =>
  proxyRule(
    option,
    (name) => given[name],
    (name) => ambient[name],
    'open',
  )

test('variables decide by scheme, NO_PROXY excludes, and the strongest source wins', () => {
  const P = 'http://proxy:3128'
  const cases: [ReturnType<typeof rule>, string, string | undefined][] = [
    [rule(undefined, {}, {}), 'https://h', undefined],
    [rule(undefined, {}, { HTTPS_PROXY: P }), 'https://h', 'HTTPS_PROXY'],
    [rule(undefined, {}, { HTTPS_PROXY: P }), 'http://h', undefined],
    [rule(undefined, {}, { https_proxy: P, HTTPS_PROXY: P }), 'https://h', 'https_proxy'],
    [rule(undefined, {}, { ALL_PROXY: P }), 'http://h', 'ALL_PROXY'],
    // A request's header Proxy becomes this variable in CGI.
    [rule(undefined, {}, { HTTP_PROXY: P, REQUEST_METHOD: 'GET' }), 'http://h', undefined],
    [rule('http://o:1', {}, { HTTPS_PROXY: P }), 'https://h', 's3.proxy'],
    [rule('http://o:1', {}, { NO_PROXY: '*' }), 'https://h', 's3.proxy'],
    [rule(false, {}, { HTTPS_PROXY: P }), 'https://h', undefined],
    [rule(false, { HTTPS_PROXY: P }, {}), 'https://h', 'HTTPS_PROXY'],
    [rule('http://o:1', { HTTPS_PROXY: P }, {}), 'http://h', 's3.proxy'],
    [rule('http://o:1', { NO_PROXY: 'h' }, {}), 'http://h', undefined],
    // Nothing elsewhere can reach this machine by such a name.
    [rule(undefined, {}, { ALL_PROXY: P }), 'http://localhost:9000', undefined],
    [rule(undefined, {}, { ALL_PROXY: P }), 'http://127.0.0.1:9000', undefined],
    [rule(undefined, {}, { ALL_PROXY: P }), 'http://[::1]:9000', undefined],
    [rule('http://o:1', {}, {}), 'http://localhost:9000', 's3.proxy'],
  ]
  for (const [i, [proxyFor, origin, from]] of cases.entries()) {
    assert.equal(proxyFor(new URL(origin))?.from, from, `case ${i}`)
  }
  const excluded = (entry: string, origin: string): boolean =>
    rule(undefined, {}, { ALL_PROXY: P, NO_PROXY: entry })(new URL(origin)) === undefined
  for (const [entry, origin, is] of [
    ['*', 'http://a.b', true],
    ['b.c', 'http://b.c', true],
    ['b.c', 'http://a.b.c', true],
    ['.b.c', 'http://a.b.c', true],
    ['*.b.c', 'http://a.b.c', true],
    ['b.c', 'http://ab.c', false],
    ['B.C', 'http://a.b.c', true],
    ['b.c:80', 'http://b.c', true],
    ['b.c:81', 'http://b.c', false],
    ['b.c:443', 'https://b.c', true],
    ['x, b.c  y', 'http://b.c', true],
    ['10.0.0.7', 'http://10.0.0.7:9000', true],
    ['', 'http://b.c', false],
  ] as const) {
    assert.equal(excluded(entry, origin), is, `${entry} ${origin}`)
  }
})

test('a proxy that is not one is refused by the name of its setting, without its password', () => {
  const refuse = (make: () => unknown, message: RegExp): void => {
    assert.throws(make, (error: Error) => {
      assert.match(error.message, message)
      assert.doesNotMatch(inspect(error, { depth: Infinity }), /hush/)
      return true
    })
  }
  refuse(() => rule('socks5://me:hush@h', {}, {}), /s3\.proxy must be the URL of an HTTP proxy/)
  refuse(() => rule('http://h/hush', {}, {}), /s3\.proxy must be/)
  refuse(() => rule('', {}, {}), /s3\.proxy must be/)
  refuse(
    () => rule(undefined, {}, { HTTPS_PROXY: 'ftp://me:hush@h' }),
    /HTTPS_PROXY must be .* or set s3\.proxy to false/,
  )
})
