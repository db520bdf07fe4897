import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { withProcessEnv } from '../../support/process-env.js'
import {
  type RecordedRequest,
  type RecordingAnswer,
  startRecordingServer,
} from '../../support/recording-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

const KEYS = { accessKeyId: 'id', secretAccessKey: 'secret' }
const URL_HERE = 's3://bucket/p/x'
const LARGE = new Uint8Array(9 * 1024 * 1024)

async function open(
  t: TestContext,
  s3: S3Options,
  refuse?: (request: RecordedRequest) => RecordingAnswer | undefined,
) {
  withProcessEnv(t, {})
  const { endpoint, requests } = await startRecordingServer(t, refuse)
  const store = new S3Store({ s3: { credentials: KEYS, region: 'r', ...s3, endpoint } })
  t.after(() => store.close())
  return { store, requests }
}

/** Makes a request of each kind. */
async function callAll(store: S3Store): Promise<void> {
  await store.put(URL_HERE, new Uint8Array(3))
  await store.put(URL_HERE, new Uint8Array(3), { ifAbsent: true })
  await store.get(URL_HERE)
  await store.head(URL_HERE)
  await store.listPrefixes('s3://bucket/p')
  await store.delete(URL_HERE)
  await store.deletePrefix('s3://bucket/p')
  await upload(store)
}

async function upload(store: S3Store): Promise<void> {
  const started = await store.upload(URL_HERE)
  await started.write(LARGE)
  await started.complete()
}

const storesObject = ({ method, url }: RecordedRequest): boolean =>
  (method === 'PUT' && !url.includes('partNumber')) || url.includes('uploads')

test('server-side encryption is asked for where an object is stored, and nowhere else', async (t) => {
  const kmsKeyId = 'arn:aws:kms:eu-west-1:123456789012:key/1234'
  const { store, requests } = await open(t, { serverSideEncryption: 'aws:kms', kmsKeyId })
  await callAll(store)
  assert.ok(requests.filter(storesObject).length >= 3)
  for (const request of requests) {
    const name = 'x-amz-server-side-encryption'
    const found = [request.headers[name], request.headers[`${name}-aws-kms-key-id`]]
    assert.deepEqual(found, storesObject(request) ? ['aws:kms', kmsKeyId] : [undefined, undefined])
  }
  const engine = await store.engineEnvironment('s3://bucket/p')
  assert.equal(engine['AWS_SERVER_SIDE_ENCRYPTION'], 'aws:kms')
  assert.equal(engine['AWS_SSE_KMS_KEY_ID'], kmsKeyId)
})

test('requester pays is said with every request', async (t) => {
  const { store, requests } = await open(t, { requesterPays: true })
  await callAll(store)
  for (const { headers } of requests) assert.equal(headers['x-amz-request-payer'], 'requester')
  // It is part of the signature.
  assert.match(requests[0]?.headers.authorization ?? '', /;x-amz-request-payer,/)
  assert.equal((await store.engineEnvironment('s3://bucket/p'))['AWS_REQUEST_PAYER'], 'true')
})

test("credentials 'none' sign nothing, whatever the process contains", async (t) => {
  withProcessEnv(t, { AWS_ACCESS_KEY_ID: 'process', AWS_SECRET_ACCESS_KEY: 's' })
  const { endpoint, requests } = await startRecordingServer(t)
  const store = new S3Store({ s3: { credentials: 'none', region: 'r', endpoint } })
  t.after(() => store.close())
  await store.get(URL_HERE)
  await store.listPrefixes('s3://bucket/p')
  for (const { headers } of requests) {
    const names = Object.keys(headers).filter((name) => /^(?:authorization|x-amz-.*)$/.test(name))
    assert.deepEqual(names, [])
  }
  const engine = await store.engineEnvironment('s3://bucket/p')
  assert.equal(engine['AWS_SKIP_SIGNATURE'], 'true')
  assert.ok(!('AWS_ACCESS_KEY_ID' in engine))
})

test('a store without credentials that is denied access says so', async (t) => {
  const deny = (): RecordingAnswer => ({ status: 403, code: 'AccessDenied' })
  const { store } = await open(t, { credentials: 'none' }, deny)
  await rejectsWith('SHARD_STORE', /denied access .*without credentials; give credentials/, () =>
    store.get(URL_HERE),
  )
})

const lacksMd5 = ({ method, headers }: RecordedRequest): RecordingAnswer | undefined =>
  method === 'PUT' && headers['content-md5'] === undefined
    ? {
        status: 400,
        code: 'InvalidRequest',
        message:
          'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
      }
    : undefined

test('a bucket that demands a checksum gets it, from the first refusal on', async (t) => {
  // One attempt: it is not the retries that help.
  const { store, requests } = await open(t, { maxAttempts: 1 }, lacksMd5)
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i)
  assert.equal(await store.put(URL_HERE, bytes), true)
  const md5 = createHash('md5').update(bytes).digest('base64')
  const sent = requests.map(({ headers }) => headers['content-md5'])
  assert.deepEqual(sent, [undefined, md5])
  await store.put(URL_HERE, bytes)
  await upload(store)
  assert.ok(requests.slice(2).every((r) => r.method !== 'PUT' || r.headers['content-md5']))
})

test("checksum 'md5' sends it from the first request on, with parts, too", async (t) => {
  const { store, requests } = await open(t, { checksum: 'md5', maxAttempts: 1 }, lacksMd5)
  await callAll(store)
  for (const { method, headers, body } of requests) {
    const wanted = createHash('md5').update(body).digest('base64')
    if (method === 'PUT') assert.equal(headers['content-md5'], wanted)
  }
  const engine = await store.engineEnvironment('s3://bucket/p')
  assert.equal(engine['AWS_CHECKSUM_ALGORITHM'], 'SHA256')
})

test('a batch of deletes always has its MD5', async (t) => {
  const { store, requests } = await open(t, {})
  await store.deletePrefix('s3://bucket/p')
  const batch = requests.find(({ method }) => method === 'POST')
  const wanted = createHash('md5').update(batch!.body).digest('base64')
  assert.equal(batch?.headers['content-md5'], wanted)
})

test('a wrong clock is corrected by the time of the server', async (t) => {
  const serverTime = new Date('2031-05-06T07:08:09Z')
  const at = ({ headers }: RecordedRequest): string => String(headers['x-amz-date'])
  const { store, requests } = await open(t, {}, (request) =>
    at(request).startsWith('20310506T0708')
      ? undefined
      : {
          status: 403,
          code: 'RequestTimeTooSkewed',
          headers: { date: serverTime.toUTCString() },
        },
  )
  await store.get(URL_HERE)
  await store.get(URL_HERE)
  assert.equal(requests.length, 3)
})

test('keys reach the server byte by byte, also those that URLs would change', async (t) => {
  const { store, requests } = await open(t, {})
  const names = ['a+b', 'a b', 'a%2Fb', '%2e%2e', "!'()*", '日本', '~x', 'a&b=c', 'a;b', '\\']
  for (const name of names) await store.get(`s3://bucket/p/${name}`)
  assert.deepEqual(
    requests.map(({ url }) => decodeURIComponent(url)),
    names.map((name) => `/bucket/p/${name}`),
  )
  assert.equal(requests[0]?.url, '/bucket/p/a%2Bb')
})

test('a large body is hashed like a small one, and a session token is signed', async (t) => {
  const { store, requests } = await open(t, { credentials: { ...KEYS, sessionToken: 'token' } })
  await store.put(URL_HERE, LARGE)
  const [put] = requests
  const wanted = createHash('sha256').update(LARGE).digest('hex')
  assert.equal(put?.headers['x-amz-content-sha256'], wanted)
  assert.equal(put?.headers['x-amz-security-token'], 'token')
  assert.match(put?.headers.authorization ?? '', /;x-amz-security-token, /)
})
