import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Environment } from '#dist/store/environment/environment.js'
import { resolveS3Connection } from '#dist/store/s3/connect/s3-connection.js'
import { engineVariables } from '#dist/store/s3/connect/s3-environment.js'
import type { S3Credentials, S3Options } from '#dist/store/s3/connect/s3-options.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { withProcessEnv } from '../support/process-env.js'
import { tempDirectory } from './temp-root.js'

const URL_HERE = 's3://bucket/prefix'
const keys = (id: string, more: Partial<S3Credentials> = {}): S3Credentials => ({
  accessKeyId: id,
  secretAccessKey: `secret of ${id}`,
  ...more,
})

function storeOf(t: TestContext, options: { s3?: S3Options; env?: Environment }): S3Store {
  const store = new S3Store(options)
  t.after(() => store.close())
  return store
}

interface MaterializeVector {
  readonly credentials: Record<
    'access_key_id' | 'secret_access_key' | 'session_token',
    string | null
  >
  readonly connection_options: {
    readonly endpoint_url?: string
    readonly region_name?: string
    readonly addressing_style?: 'path' | 'virtual' | 'auto'
  } | null
  readonly text: string
}

test('engineVariables: are those of the reference, in its order', () => {
  const file = new URL('../../test/golden/vectors.json', import.meta.url)
  const { materialize_env_file: vectors } = JSON.parse(readFileSync(file, 'utf8')) as {
    materialize_env_file: MaterializeVector[]
  }
  assert.equal(vectors.length, 5)
  for (const { credentials, connection_options: o, text } of vectors) {
    const variables = engineVariables(
      {
        accessKeyId: credentials.access_key_id ?? '',
        secretAccessKey: credentials.secret_access_key ?? '',
        sessionToken: credentials.session_token ?? undefined,
      },
      { endpoint: o?.endpoint_url, region: o?.region_name, addressing: o?.addressing_style },
    )
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    assert.equal(lines.join('\n'), text)
  }
})

test('a connection: env wins over s3, s3 over the process', async (t) => {
  withProcessEnv(t, {
    AWS_ENDPOINT_URL: 'http://process:1',
    AWS_REGION: 'process-1',
    AWS_ACCESS_KEY_ID: 'process',
    AWS_SECRET_ACCESS_KEY: 'p',
  })
  const s3: S3Options = {
    endpoint: 'http://option:1',
    region: 'option-1',
    credentials: keys('option'),
  }
  const env = {
    AWS_ENDPOINT_URL: 'http://env:1',
    AWS_REGION: 'env-1',
    AWS_ACCESS_KEY_ID: 'env',
    AWS_SECRET_ACCESS_KEY: 'e',
  }
  for (const [options, name] of [
    [{ s3, env }, 'env'],
    [{ s3 }, 'option'],
    [{}, 'process'],
  ] as const) {
    const connection = resolveS3Connection(options, 'test')
    assert.equal(connection.endpoint, `http://${name}:1`)
    assert.equal(connection.region, `${name}-1`)
    assert.equal((await connection.credentials?.get())?.accessKeyId, name)
    const engine = await storeOf(t, options).engineEnvironment(URL_HERE)
    assert.equal(engine['AWS_ENDPOINT_URL'], `http://${name}:1`)
    assert.equal(engine['AWS_REGION'], `${name}-1`)
    assert.equal(engine['AWS_ACCESS_KEY_ID'], name)
  }
})

test('a connection: the order of variables is that of wire-format §12.1', async (t) => {
  withProcessEnv(t, {
    SLATEDB_S3_ENDPOINT_URL: 'http://slatedb:1/',
    AWS_ENDPOINT_URL: 'http://aws:1',
    S3_REGION: 's3-region',
    AWS_REGION: 'aws-region',
    S3_ACCESS_KEY_ID: 's3-id',
    AWS_ACCESS_KEY_ID: 'aws-id',
    S3_SECRET_ACCESS_KEY: '',
    AWS_SECRET_ACCESS_KEY: 'aws-secret',
    AWS_SESSION_TOKEN: 'aws-token',
  })
  const connection = resolveS3Connection({ s3: { credentials: 'env' } }, 'test')
  assert.equal(connection.endpoint, 'http://slatedb:1')
  assert.equal(connection.region, 's3-region')
  assert.deepEqual(await connection.credentials?.get(), {
    accessKeyId: 's3-id',
    secretAccessKey: 'aws-secret',
    sessionToken: 'aws-token',
  })
})

test("the engine's environment: nothing of the process gets in between", async (t) => {
  withProcessEnv(t, { AWS_SESSION_TOKEN: 'of another role', AWS_ENDPOINT: 'http://old:1' })
  const store = storeOf(t, { s3: { endpoint: 'http://h:1', region: 'r', credentials: keys('a') } })
  assert.deepEqual(await store.engineEnvironment(URL_HERE), {
    AWS_ENDPOINT: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'secret of a',
    AWS_ENDPOINT_URL: 'http://h:1',
    AWS_ALLOW_HTTP: 'true',
    AWS_REGION: 'r',
  })
})

test("the engine's environment: TLS, timeouts, virtual addressing and other variables", async (t) => {
  withProcessEnv(t, {})
  const store = storeOf(t, {
    s3: {
      endpoint: 'https://h:1',
      verifyTls: false,
      addressing: 'virtual',
      requestTimeoutMs: 2000,
      connectTimeoutMs: 1000,
      credentials: keys('a'),
    },
    env: { AWS_UNSIGNED_PAYLOAD: 'true' },
  })
  const env = await store.engineEnvironment(URL_HERE)
  assert.equal(env['AWS_ALLOW_INVALID_CERTIFICATES'], 'true')
  assert.equal(env['AWS_TIMEOUT'], '2000ms')
  assert.equal(env['AWS_CONNECT_TIMEOUT'], '1000ms')
  assert.equal(env['AWS_VIRTUAL_HOSTED_STYLE_REQUEST'], 'true')
  assert.equal(env['AWS_ENDPOINT_URL'], 'https://bucket.h:1')
  assert.equal(env['AWS_UNSIGNED_PAYLOAD'], 'true')
  assert.equal(env['AWS_REGION'], 'us-east-1')
})

test('a credentials function: is asked once by many, and again when its keys end', async (t) => {
  withProcessEnv(t, {})
  let asked = 0
  let lasting = 3_600_000
  const credentials = async (): Promise<S3Credentials> => {
    asked++
    await new Promise(setImmediate)
    return keys(`k${asked}`, { expiration: new Date(Date.now() + lasting) })
  }
  const source = resolveS3Connection({ s3: { credentials } }, 'test').credentials
  const first = await Promise.all([source.get(), source.get(), source.fresh()])
  assert.deepEqual(
    first.map((found) => found?.accessKeyId),
    ['k1', 'k1', 'k1'],
  )
  assert.equal((await source.fresh())?.accessKeyId, 'k1')
  // Good for a request, but not for an engine that stays open.
  lasting = 5 * 60_000
  assert.equal(source.forget(), true)
  assert.equal((await source.get())?.accessKeyId, 'k2')
  assert.equal((await source.get())?.accessKeyId, 'k2')
  assert.equal((await source.fresh())?.accessKeyId, 'k3')
  lasting = 1000
  source.forget()
  assert.equal((await source.get())?.accessKeyId, 'k4')
  assert.equal((await source.get())?.accessKeyId, 'k5')
})

test('a credentials function without an end: is asked again for engines a minute later', async (t) => {
  withProcessEnv(t, {})
  t.mock.timers.enable({ apis: ['Date'] })
  let asked = 0
  const store = storeOf(t, { s3: { region: 'r', credentials: () => keys(`k${++asked}`) } })
  const keyOfEngine = async (): Promise<string | undefined> =>
    (await store.engineEnvironment(URL_HERE))['AWS_ACCESS_KEY_ID']
  assert.deepEqual([await keyOfEngine(), await keyOfEngine()], ['k1', 'k1'])
  t.mock.timers.tick(60_000)
  assert.equal(await keyOfEngine(), 'k2')
})

test('keys storage calls expired are asked for again, once', async (t) => {
  withProcessEnv(t, {})
  const seen: string[] = []
  const server = createServer((request, response) => {
    const [, id = ''] = /Credential=([^/]*)/.exec(request.headers.authorization ?? '') ?? []
    seen.push(id)
    if (id === 'k2') {
      response.setHeader('etag', '"x"')
      response.end('value')
      return
    }
    response.writeHead(400, { 'content-type': 'application/xml' })
    response.end('<Error><Code>ExpiredToken</Code></Error>')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let asked = 0
  const store = storeOf(t, {
    s3: { endpoint, region: 'r', credentials: () => keys(`k${++asked}`) },
  })
  assert.equal(Buffer.from((await store.get(`${URL_HERE}/x`)) ?? []).toString(), 'value')
  assert.deepEqual(seen, ['k1', 'k2'])
  asked = 7
  const other = storeOf(t, {
    s3: { endpoint, region: 'r', credentials: () => keys(`k${++asked}`) },
  })
  await assert.rejects(other.get(`${URL_HERE}/x`), { message: /have expired/ })
  assert.deepEqual(seen.slice(2), ['k8', 'k9'])
})

for (const [behaviour, withTokenFile] of [
  ['container keys the engine cannot find are handed to it', false],
  ['container keys with a token file are left to the engine, which renews them', true],
] as const) {
  test(`the chain of the AWS SDK: ${behaviour}`, async (t) => {
    const server = createServer((_, response) => {
      const Expiration = new Date(Date.now() + 3_600_000).toISOString()
      const body = { AccessKeyId: 'c', SecretAccessKey: 's', Token: 't', Expiration }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(body))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    t.after(() => server.close())
    const tokenFile = join(await tempDirectory(t), 'token')
    writeFileSync(tokenFile, 'a-token')
    withProcessEnv(t, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      ...(withTokenFile && { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile }),
    })
    const env = await storeOf(t, { s3: { region: 'r' } }).engineEnvironment(URL_HERE)
    assert.equal(env['AWS_ACCESS_KEY_ID'], withTokenFile ? undefined : 'c')
    assert.equal(env['AWS_SESSION_TOKEN'], withTokenFile ? undefined : 't')
    assert.equal('AWS_SESSION_TOKEN' in env, !withTokenFile)
    assert.equal(env['AWS_REGION'], 'r')
  })
}

test('the chain of the AWS SDK: instance keys, which the engine finds and renews by itself', async (t) => {
  const server = createServer((request, response) => {
    const Expiration = new Date(Date.now() + 3_600_000).toISOString()
    const keysOfRole = {
      Code: 'Success',
      AccessKeyId: 'i',
      SecretAccessKey: 's',
      Token: 't',
      Expiration,
    }
    if (request.url?.endsWith('/role') === true) response.end(JSON.stringify(keysOfRole))
    else response.end(request.method === 'PUT' ? 'session' : 'role')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  withProcessEnv(t, {
    AWS_EC2_METADATA_DISABLED: 'false',
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })
  const env = await storeOf(t, {}).engineEnvironment(URL_HERE)
  assert.ok(!('AWS_ACCESS_KEY_ID' in env))
  assert.equal(env['AWS_REGION'], 'us-east-1')
})

test('options of a connection: what is wrong is named, secrets are not shown', () => {
  const refuse = (s3: object, message: RegExp): void => {
    assert.throws(
      () => new S3Store({ s3: s3 as S3Options }),
      (error: Error) => {
        assert.match(error.message, message)
        assert.ok(!error.message.includes('hush'), error.message)
        return true
      },
    )
  }
  refuse({ endpointUrl: 'x' }, /unknown option "s3\.endpointUrl"/)
  refuse({ endpoint: 'localhost:9000' }, /s3\.endpoint must be http\(s\)/)
  refuse({ endpoint: 'https://user:hush@host' }, /s3\.endpoint must be .* without user/)
  refuse({ addressing: 'host' }, /s3\.addressing must be path, virtual or auto/)
  refuse({ maxAttempts: 0 }, /s3\.maxAttempts must be an integer of 1 or more \(attempts\), got 0/)
  refuse({ credentials: 'hush' }, /s3\.credentials must be 'env', 'default', 'none', a function or/)
  refuse(
    { credentials: { accessKeyId: 'a', secretAccessKey: ['hush'] } },
    /secretAccessKey must be text/,
  )
  refuse(
    { credentials: { accessKeyId: 'a', secretAccessKey: 'hush', token: 'hush' } },
    /"s3\.credentials\.token"/,
  )
  refuse({ caFile: '/nonexistent/ca.pem' }, /s3\.caFile must be a readable PEM file/)
  refuse(
    { caFile: new URL('../../package.json', import.meta.url).pathname },
    /must hold PEM certificates/,
  )
  assert.throws(() => new S3Store({ env: { AWS_ENDPOINT_URL: 'http://user:hush@host' } }), {
    message: /the S3 endpoint must be .*\/\/\*\*\*@host/,
  })
})
