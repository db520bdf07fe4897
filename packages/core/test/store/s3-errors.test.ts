import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { isShardyfusionError, type ShardyfusionError } from '@shardyfusion/core'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { startFaultProxy } from '../support/fault-proxy.js'
import { withProcessEnv } from '../support/process-env.js'
import { withS3Server } from '../support/s3-server.js'

const SECRETS = ['KEYID4F0C', 'hush-secret-9b1d', 'hush-token-77aa'] as const
const credentials = {
  accessKeyId: SECRETS[0],
  secretAccessKey: SECRETS[1],
  sessionToken: SECRETS[2],
}
const BASE: S3Options = { region: 'us-east-1', credentials, maxAttempts: 2, requestTimeoutMs: 400 }

/** Everything of an error that could reach a log. */
function shown(error: unknown): string {
  const parts: string[] = []
  for (let e = error; e !== undefined; e = (e as Error).cause) {
    parts.push(inspect(e, { depth: Infinity, showHidden: true }), JSON.stringify(e))
    parts.push(String((e as Error).stack))
  }
  return parts.join('\n')
}

/** Fails with an SDK error that says this, knows this, and keeps the credentials to itself. */
async function fails(
  call: () => Promise<unknown>,
  expected: { message: RegExp; kind: string; retryable: boolean },
): Promise<ShardyfusionError> {
  const error: unknown = await call().then(
    () => assert.fail('expected a failure'),
    (thrown: unknown) => thrown,
  )
  if (!isShardyfusionError(error)) throw error
  assert.equal(error.code, 'SHARD_STORE')
  assert.match(error.message, expected.message)
  assert.equal(error.details['kind'], expected.kind)
  assert.equal(error.retryable, expected.retryable)
  assert.equal(error.details.peer, expected.retryable ? 'S3TransientError' : undefined)
  const text = shown(error)
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${secret} in ${text}`)
  return error
}

function storeAt(t: TestContext, endpoint: string, more: S3Options = {}): S3Store {
  const store = new S3Store({ s3: { ...BASE, endpoint, ...more } })
  t.after(() => store.close())
  return store
}

test('S3Store: says that nothing listens at the endpoint', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const store = storeAt(t, `http://127.0.0.1:${port}`)
  const error = await fails(() => store.get('s3://bucket/x'), {
    message:
      /S3Store\.get: "s3:\/\/bucket\/x" failed after 2 attempts: http:\/\/127\.0\.0\.1:\d+ refuses connections/,
    kind: 'refused',
    retryable: true,
  })
  assert.equal(error.details['errno'], 'ECONNREFUSED')
})

test('S3Store: says that the endpoint does not answer', async (t) => {
  const hole = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await new Promise((resolve) => hole.once('listening', resolve))
  t.after(() => hole.close())
  const store = storeAt(t, `http://127.0.0.1:${(hole.address() as AddressInfo).port}`)
  t.after(() => store.close())
  await fails(() => store.put('s3://bucket/x', new Uint8Array(0)), {
    message: /did not answer in time \(no complete answer within 400 ms\).*s3\.requestTimeoutMs/,
    kind: 'timeout',
    retryable: true,
  })
  await fails(() => store.preflight('s3://bucket/x', { timeoutMs: 300 }), {
    message: /S3Store\.preflight: .*did not answer in time/,
    kind: 'timeout',
    retryable: true,
  })
})

test('S3Store: says that a server speaks no TLS, or not HTTP', async (t) => {
  const greeter = createServer((socket) => {
    socket.on('error', () => {})
    socket.end('220 mail.example ready\r\n')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => greeter.once('listening', resolve))
  t.after(() => greeter.close())
  const { port } = greeter.address() as AddressInfo
  const tls = storeAt(t, `https://127.0.0.1:${port}`)
  await fails(() => tls.get('s3://bucket/x'), {
    message: /no trusted TLS connection.*write http:\/\//,
    kind: 'tls',
    retryable: false,
  })
  const plain = storeAt(t, `http://127.0.0.1:${port}`)
  await fails(() => plain.get('s3://bucket/x'), {
    message: /answers, but not like S3/,
    kind: 'not-s3',
    retryable: false,
  })
})

test('S3Store: says that no credentials were found', async (t) => {
  withProcessEnv(t, {})
  const store = new S3Store({ s3: { endpoint: 'http://127.0.0.1:1' } })
  t.after(() => store.close())
  await fails(() => store.get('s3://bucket/x'), {
    message: /no credentials found .*AWS_ACCESS_KEY_ID/,
    kind: 'no-credentials',
    retryable: false,
  })
  await fails(() => store.engineEnvironment('s3://bucket/x'), {
    message: /no credentials found/,
    kind: 'no-credentials',
    retryable: false,
  })
  assert.throws(() => new S3Store({ s3: { credentials: 'env' } }), {
    code: 'SHARD_INVALID_OPTION',
    message: /s3\.credentials is 'env'/,
  })
})

test('S3Store: says that a credentials function failed, with its error as the cause', async (t) => {
  const cause = new Error('vault is sealed')
  const store = storeAt(t, 'http://127.0.0.1:1', {
    credentials: () => {
      throw cause
    },
  })
  const error: unknown = await store.get('s3://bucket/x').catch((thrown: unknown) => thrown)
  assert.ok(isShardyfusionError(error))
  assert.match(error.message, /the function s3\.credentials failed/)
  assert.equal(error.cause, cause)
  const odd = storeAt(t, 'http://127.0.0.1:1', {
    credentials: () => ({ accessKeyId: SECRETS[0], secret: SECRETS[1] }) as never,
  })
  const refused: unknown = await odd.get('s3://bucket/x').catch((thrown: unknown) => thrown)
  assert.ok(isShardyfusionError(refused))
  assert.match(refused.message, /secretAccessKey is required/)
  for (const secret of SECRETS) assert.ok(!shown(refused).includes(secret))
})

test('S3Store: keeps the credentials to itself when it is inspected', (t) => {
  const store = storeAt(t, 'http://127.0.0.1:1')
  const text = inspect(store, { depth: Infinity, showHidden: true }) + JSON.stringify(store)
  for (const secret of SECRETS) assert.ok(!text.includes(secret))
})

await withS3Server('S3Store errors', (server) => {
  const answers: [
    name: string,
    fault: { status: number; body?: string; headers?: Record<string, string> },
    expected: Parameters<typeof fails>[1],
  ][] = [
    [
      'no such bucket',
      { status: 404, body: xml('NoSuchBucket') },
      { message: /there is no bucket "shardyfusion-/, kind: 'no-bucket', retryable: false },
    ],
    [
      'access denied',
      { status: 403, body: xml('AccessDenied') },
      {
        message: /denied access \(HTTP 403 AccessDenied, "said so"\).*s3:ListBucket.*s3:GetObject/,
        kind: 'access-denied',
        retryable: false,
      },
    ],
    [
      'an unknown key id, which the answer repeats',
      {
        status: 403,
        body: xml('InvalidAccessKeyId', `<AWSAccessKeyId>${SECRETS[0]}</AWSAccessKeyId>`),
      },
      { message: /does not accept the credentials/, kind: 'bad-credentials', retryable: false },
    ],
    [
      'a wrong signature, whose answer repeats the request with the token',
      {
        status: 403,
        body: xml(
          'SignatureDoesNotMatch',
          `<CanonicalRequest>x-amz-security-token:${SECRETS[2]}</CanonicalRequest>` +
            `<StringToSign>${SECRETS[1]}</StringToSign>`,
        ),
      },
      { message: /does not accept the credentials/, kind: 'bad-credentials', retryable: false },
    ],
    [
      'an expired token',
      { status: 400, body: xml('ExpiredToken', `<Token-0>${SECRETS[2]}</Token-0>`) },
      { message: /have expired.*pass a function/, kind: 'expired-credentials', retryable: false },
    ],
    [
      'another region, by redirection',
      {
        status: 301,
        body: xml('PermanentRedirect'),
        headers: { 'x-amz-bucket-region': 'eu-west-3' },
      },
      {
        message: /is in eu-west-3.*set s3\.region to "eu-west-3"/,
        kind: 'region',
        retryable: false,
      },
    ],
    [
      'another region, by signature',
      { status: 400, body: xml('AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>') },
      { message: /set s3\.region to "eu-west-3"/, kind: 'region', retryable: false },
    ],
    [
      'a wrong clock',
      { status: 403, body: xml('RequestTimeTooSkewed') },
      { message: /the clock of this machine/, kind: 'clock', retryable: false },
    ],
    [
      'a failure of the server',
      { status: 500, body: xml('InternalError') },
      {
        message: /failed internally \(HTTP 500 InternalError, "said so"\)/,
        kind: 'server',
        retryable: true,
      },
    ],
    [
      'a proxy in front that is down',
      { status: 502, body: '<html>Bad Gateway</html>' },
      { message: /failed internally \(HTTP 502/, kind: 'server', retryable: true },
    ],
    [
      'an object in cold storage, which is no matter of permissions',
      { status: 403, body: xml('InvalidObjectState', '', 'not valid for the storage class') },
      {
        message:
          /^(?!.*grant).*cannot be read at once \(HTTP 403 InvalidObjectState, "not valid.*restore it or rebuild/,
        kind: 'archived',
        retryable: false,
      },
    ],
    [
      'a quota that is used up',
      { status: 403, body: xml('QuotaExceeded') },
      {
        message: /^(?!.*grant).*no room left.*\(HTTP 403 QuotaExceeded.*raise the quota/,
        kind: 'quota',
        retryable: false,
      },
    ],
    [
      'a disk of the server that is full',
      { status: 507, body: xml('XMinioStorageFull') },
      { message: /no room left/, kind: 'quota', retryable: false },
    ],
    [
      'a server that asks to slow down',
      { status: 503, body: xml('SlowDown', '', 'Please reduce your request rate.') },
      {
        message: /slow down \(HTTP 503 SlowDown, "Please reduce your request rate\."\); lower/,
        kind: 'throttled',
        retryable: true,
      },
    ],
    [
      'bytes that changed on the way',
      { status: 400, body: xml('XAmzContentSHA256Mismatch') },
      { message: /not those that were sent.*proxy/, kind: 'checksum', retryable: true },
    ],
    [
      'a bucket that demands a checksum',
      {
        status: 400,
        body: xml('InvalidRequest', '', 'Content-MD5 OR x-amz-checksum- HTTP header is required'),
      },
      {
        message: /demands a checksum.*Content-MD5 OR x-amz-checksum-.*Object Lock/,
        kind: 'checksum-required',
        retryable: false,
      },
    ],
    [
      'a key that cannot be used for encryption',
      { status: 400, body: xml('KMS.DisabledException', '', 'arn:aws:kms:…:key/x is disabled.') },
      {
        message: /cannot encrypt or decrypt.*is disabled\..*kms:GenerateDataKey/,
        kind: 'encryption',
        retryable: false,
      },
    ],
    [
      'headers of encryption it lacks',
      {
        status: 400,
        body: xml('InvalidRequest', '', 'stored using a form of Server Side Encryption'),
      },
      { message: /cannot encrypt or decrypt/, kind: 'encryption', retryable: false },
    ],
    [
      'a condition it did not make',
      { status: 412, body: xml('PreconditionFailed') },
      { message: /a condition does not hold.*policy/, kind: 'precondition', retryable: false },
    ],
    [
      'a 403 that is not about access',
      { status: 403, body: xml('SomethingOfItsOwn') },
      {
        message: /^(?!.*grant).*HTTP 403 SomethingOfItsOwn, "said so"; see the cause/,
        kind: 'other',
        retryable: false,
      },
    ],
    [
      'a firewall that answers for the store',
      { status: 403, body: '<html>blocked</html>', headers: { 'content-type': 'text/html' } },
      {
        message: /^(?!.*grant).*not like S3 \(HTTP 403 with a web page\)/,
        kind: 'not-s3',
        retryable: false,
      },
    ],
    [
      'a message that repeats secrets',
      {
        status: 403,
        body: xml('AccessDenied', '', `key ${SECRETS[0]}, ${SECRETS[1]}, token=${SECRETS[2]}`),
      },
      {
        message: /denied access \(HTTP 403 AccessDenied, "key \*\*\*, \*\*\*, token=\*\*\*"\)/,
        kind: 'access-denied',
        retryable: false,
      },
    ],
    [
      'a web server',
      { status: 200, body: '<html>Welcome</html>' },
      { message: /answers, but not like S3/, kind: 'not-s3', retryable: false },
    ],
    [
      'anything else',
      { status: 400, body: xml('InvalidArgument') },
      {
        message: /HTTP 400 InvalidArgument, "said so"; see the cause/,
        kind: 'other',
        retryable: false,
      },
    ],
  ]
  for (const [name, fault, expected] of answers) {
    test(`S3Store: explains ${name}`, async (t) => {
      const proxy = await startFaultProxy(server.endpoint)
      t.after(() => proxy.stop())
      proxy.decide = () => ({ kind: 'answer', ...fault })
      const store = storeAt(t, proxy.endpoint)
      const url = `s3://${server.bucket}/${randomUUID()}`
      await fails(() => store.listPrefixes(url), expected)
      await fails(() => store.preflight(url), expected)
    })
  }

  test('S3Store: explains answers to HEAD, which have no body', async (t) => {
    const proxy = await startFaultProxy(server.endpoint)
    t.after(() => proxy.stop())
    const store = storeAt(t, proxy.endpoint)
    const url = `s3://${server.bucket}/x`
    proxy.decide = () => ({ kind: 'answer', status: 403 })
    await fails(() => store.head(url), {
      message: /denied/,
      kind: 'access-denied',
      retryable: false,
    })
    proxy.decide = () => ({
      kind: 'answer',
      status: 400,
      headers: { 'x-amz-bucket-region': 'eu-west-3' },
    })
    await fails(() => store.head(url), { message: /eu-west-3/, kind: 'region', retryable: false })
    proxy.decide = () => ({ kind: 'answer', status: 503 })
    await fails(() => store.head(url), { message: /HTTP 503/, kind: 'server', retryable: true })
  })

  test('S3Store: explains puts that are refused for what they are', async (t) => {
    const proxy = await startFaultProxy(server.endpoint)
    t.after(() => proxy.stop())
    const store = storeAt(t, proxy.endpoint)
    const url = `s3://${server.bucket}/${randomUUID()}`
    proxy.decide = () => ({ kind: 'answer', status: 501, body: xml('NotImplemented') })
    await fails(() => store.put(url, new Uint8Array(1), { ifAbsent: true }), {
      message:
        /does not support puts with "If-None-Match: \*" \(HTTP 501 NotImplemented, "said so"\)/,
      kind: 'no-conditional-put',
      retryable: false,
    })
    await fails(() => store.put(url, new Uint8Array(1)), {
      message: /HTTP 501 NotImplemented/,
      kind: 'other',
      retryable: false,
    })
    proxy.decide = () => ({ kind: 'answer', status: 412, body: xml('PreconditionFailed') })
    await fails(() => store.put(url, new Uint8Array(1)), {
      message: /a condition does not hold/,
      kind: 'precondition',
      retryable: false,
    })
    proxy.decide = () => ({ kind: 'answer', status: 403, body: xml('AccessDenied') })
    await fails(() => store.put(url, new Uint8Array(1)), {
      message: /denied access.*if they have them, .* a required encryption header/,
      kind: 'access-denied',
      retryable: false,
    })
  })

  test('S3Store: a missing bucket of a real server is no missing object', async (t) => {
    const store = storeAt(t, server.endpoint, { requestTimeoutMs: 10_000 })
    await fails(() => store.get('s3://no-such-bucket-here/x'), {
      message:
        /there is no bucket "no-such-bucket-here" at http.*check the prefix and s3\.endpoint/,
      kind: 'no-bucket',
      retryable: false,
    })
  })
})

function xml(code: string, more = '', said = 'said so'): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${said}</Message>${more}</Error>`
}
