import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  resolveS3Connection,
  type S3ConnectionOptions,
} from '#dist/store/s3/connect/s3-connection.js'
import type { S3Credentials, S3Options } from '#dist/store/s3/connect/s3-options.js'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { withProcessEnv } from '../support/process-env.js'
import { tempDirectory } from './temp-root.js'

/** Where settings can come from, all at once; each source adds to it. */
interface Places {
  readonly env: Record<string, string>
  readonly envFile: Record<string, string>
  readonly s3: S3Options
  readonly process: Record<string, string>
  /** Sections of the AWS configuration files. */
  readonly config: Record<string, Record<string, string>>
  readonly credentials: Record<string, Record<string, string>>
}

/** A source by the name it signs with, and what it adds. */
type Source = readonly [name: string, add: (places: Places, endpoint: string) => void]

const keys = (name: string): S3Credentials => ({ accessKeyId: name, secretAccessKey: 'secret' })
const awsKeys = (name: string) => ({ AWS_ACCESS_KEY_ID: name, AWS_SECRET_ACCESS_KEY: 'secret' })
const s3Keys = (name: string) => ({ S3_ACCESS_KEY_ID: name, S3_SECRET_ACCESS_KEY: 'secret' })
const section = (name: string, region = `${name}-region`) => ({
  aws_access_key_id: name,
  aws_secret_access_key: 'secret',
  region,
})

/** In the documented order, the strongest first. */
const IDENTITIES: readonly Source[] = [
  ['env-keys', ({ env }) => Object.assign(env, awsKeys('env-keys'))],
  [
    'env-profile',
    ({ env, config }) => {
      env['AWS_PROFILE'] = 'e'
      config['profile e'] = section('env-profile')
    },
  ],
  // The names that would win if the two were one source.
  ['file-keys', ({ envFile }) => Object.assign(envFile, s3Keys('file-keys'))],
  [
    'file-profile',
    ({ envFile, credentials }) => {
      envFile['AWS_PROFILE'] = 'f'
      credentials['f'] = section('file-profile')
    },
  ],
  ['option-keys', ({ s3 }) => void (s3.credentials = keys('option-keys'))],
  ['option-function', ({ s3 }) => void (s3.credentials = () => keys('option-function'))],
  [
    'option-profile',
    ({ s3, config }) => {
      s3.profile = 'o'
      config['profile o'] = section('option-profile')
    },
  ],
  [
    'process-keys',
    ({ process }) =>
      Object.assign(process, awsKeys('process-keys'), { AWS_SESSION_TOKEN: 'of-process' }),
  ],
  [
    'process-profile',
    ({ process, credentials }) => {
      process['AWS_PROFILE'] = 'p'
      credentials['p'] = section('process-profile')
    },
  ],
  [
    'default-credentials',
    ({ credentials }) => void (credentials['default'] = section('default-credentials')),
  ],
  ['default-config', ({ config }) => void (config['default'] = section('default-config'))],
  [
    'web-identity',
    ({ process }, endpoint) =>
      Object.assign(process, {
        AWS_WEB_IDENTITY_TOKEN_FILE: new URL('../../package.json', import.meta.url).pathname,
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/r',
        AWS_ENDPOINT_URL_STS: `${endpoint}/sts`,
      }),
  ],
  [
    'container',
    ({ process }, endpoint) =>
      void (process['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${endpoint}/container`),
  ],
]

/** Of one option only one can be given, so these never meet. */
const OF_ONE_OPTION = new Set(['option-keys', 'option-function', 'option-profile'])

function pairsOf(sources: readonly Source[]): (readonly [Source, Source])[] {
  return sources.flatMap((strong, i) =>
    sources
      .slice(i + 1)
      .filter(([name]) => !(OF_ONE_OPTION.has(strong[0]) && OF_ONE_OPTION.has(name)))
      .map((weak) => [strong, weak] as const),
  )
}

async function arrange(
  t: TestContext,
  sources: readonly Source[],
  endpoint = 'http://unused:1',
): Promise<S3ConnectionOptions> {
  const places: Places = { env: {}, envFile: {}, s3: {}, process: {}, config: {}, credentials: {} }
  // The weak one first, so that it is not the order of adding that decides.
  for (const [, add] of sources.toReversed()) add(places, endpoint)
  const folder = await tempDirectory(t)
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  withProcessEnv(t, {
    ...places.process,
    AWS_CONFIG_FILE: write('config', iniOf(places.config)),
    AWS_SHARED_CREDENTIALS_FILE: write('credentials', iniOf(places.credentials)),
  })
  const lines = Object.entries(places.envFile).map(([name, value]) => `${name}=${value}\n`)
  return {
    env: places.env,
    s3: places.s3,
    ...(lines.length > 0 && { envFile: write('env', lines.join('')) }),
  }
}

function iniOf(sections: Record<string, Record<string, string>>): string {
  const lines: string[] = []
  for (const [name, settings] of Object.entries(sections)) {
    lines.push(`[${name}]`)
    for (const [key, value] of Object.entries(settings)) lines.push(`${key} = ${value} # as given`)
  }
  return `${lines.join('\n')}\n`
}

/** A server of objects that are not there, of role keys and of container keys; `signers` are those that asked it. */
async function startServer(t: TestContext): Promise<{ endpoint: string; signers: Set<string> }> {
  const signers = new Set<string>()
  const expiration = new Date(Date.now() + 3_600_000).toISOString()
  const server: Server = createServer((request, response) => {
    request.resume()
    if (request.url?.startsWith('/container') === true) {
      response.setHeader('content-type', 'application/json')
      const AccessKeyId = 'container'
      response.end(
        JSON.stringify({ AccessKeyId, SecretAccessKey: 's', Token: 't', Expiration: expiration }),
      )
      return
    }
    response.setHeader('content-type', 'text/xml')
    if (request.url?.startsWith('/sts') === true) {
      response.end(
        '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>' +
          '<AccessKeyId>web-identity</AccessKeyId><SecretAccessKey>s</SecretAccessKey>' +
          `<SessionToken>t</SessionToken><Expiration>${expiration}</Expiration>` +
          '</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
      )
      return
    }
    const { authorization = '' } = request.headers
    const token = request.headers['x-amz-security-token']
    const foreign = token === 'of-process' && !authorization.includes('=process-keys/')
    signers.add(foreign ? 'a foreign token' : (/Credential=([^/]*)/.exec(authorization)?.[1] ?? ''))
    response.statusCode = 404
    response.end('<Error><Code>NoSuchKey</Code></Error>')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, signers }
}

for (const [strong, weak] of pairsOf(IDENTITIES)) {
  test(`requests are signed by ${strong[0]} rather than ${weak[0]}`, async (t) => {
    const { endpoint, signers } = await startServer(t)
    const options = await arrange(t, [strong, weak], endpoint)
    const store = new S3Store({ ...options, s3: { region: 'r', ...options.s3, endpoint } })
    t.after(() => store.close())
    assert.equal(await store.get('s3://bucket/x'), undefined)
    assert.deepEqual([...signers], [strong[0]])
  })
}

/** The same for endpoint and region; the names of a lower source are those that come first in a higher one. */
const PLACES: readonly Source[] = [
  [
    'env',
    ({ env }) => Object.assign(env, { AWS_ENDPOINT_URL: 'http://env', AWS_DEFAULT_REGION: 'env' }),
  ],
  [
    'file',
    ({ envFile }) =>
      Object.assign(envFile, { SLATEDB_S3_ENDPOINT_URL: 'http://file', S3_REGION: 'file' }),
  ],
  ['option', ({ s3 }) => Object.assign(s3, { endpoint: 'http://option', region: 'option' })],
  [
    'option-profile',
    ({ s3, config }) => {
      s3.profile = 'o'
      config['profile o'] = { region: 'option-profile', endpoint_url: 'http://option-profile' }
    },
  ],
  [
    'process',
    ({ process }) =>
      Object.assign(process, { SLATEDB_S3_ENDPOINT_URL: 'http://process', S3_REGION: 'process' }),
  ],
  [
    'process-profile',
    ({ process, config }) => {
      process['AWS_PROFILE'] = 'p'
      config['profile p'] = { region: 'process-profile', endpoint_url: 'http://process-profile' }
    },
  ],
  [
    'default-profile',
    ({ config }) =>
      void (config['default'] = {
        region: 'default-profile',
        endpoint_url: 'http://default-profile',
      }),
  ],
]

for (const [strong, weak] of pairsOf(PLACES.filter(([name]) => name !== 'option-profile'))) {
  test(`endpoint and region are those of ${strong[0]} rather than ${weak[0]}`, async (t) => {
    const { endpoint, region } = resolveS3Connection(await arrange(t, [strong, weak]), 'test')
    assert.deepEqual([endpoint, region], [`http://${strong[0]}`, strong[0]])
  })
}

for (const [name, wins] of [
  ['env', false],
  ['file', false],
  ['option', false],
  ['process', true],
  ['process-profile', true],
  ['default-profile', true],
] as const) {
  test(`endpoint and region of a named profile ${wins ? 'win over' : 'give way to'} ${name}`, async (t) => {
    const both = PLACES.filter(([place]) => place === name || place === 'option-profile')
    const { endpoint, region } = resolveS3Connection(await arrange(t, both), 'test')
    const winner = wins ? 'option-profile' : name
    assert.deepEqual([endpoint, region], [`http://${winner}`, winner])
  })
}

test('a profile named in env comes with its region, and files named in env are read', async (t) => {
  const { endpoint, signers } = await startServer(t)
  const folder = await tempDirectory(t)
  const config = join(folder, 'config')
  writeFileSync(
    config,
    '# of a test\n[profile "prod"]\naws_access_key_id = PROD\naws_secret_access_key = s\n' +
      'region = eu-west-1\nservices = here\n[services here]\ns3 =\n' +
      `  endpoint_url = ${endpoint}\ndynamodb =\n  endpoint_url = http://other:1\n`,
  )
  withProcessEnv(t, { ...awsKeys('SHELL'), AWS_REGION: 'us-west-2' })
  const env = { AWS_PROFILE: 'prod', AWS_CONFIG_FILE: config }
  const connection = resolveS3Connection({ env }, 'test')
  assert.deepEqual([connection.region, connection.endpoint], ['eu-west-1', endpoint])
  const store = new S3Store({ env })
  t.after(() => store.close())
  assert.equal(await store.get('s3://bucket/x'), undefined)
  assert.deepEqual([...signers], ['PROD'])
  const engine = await store.engineEnvironment('s3://bucket/x')
  assert.deepEqual(
    [engine['AWS_ACCESS_KEY_ID'], engine['AWS_REGION'], engine['AWS_ENDPOINT_URL']],
    ['PROD', 'eu-west-1', endpoint],
  )
})

test('keys with a line end, as files of secrets have, are used without it', async (t) => {
  withProcessEnv(t, awsKeys(' FROM-FILE\n'))
  const found = resolveS3Connection({}, 'test').credentials
  assert.equal((await found?.get())?.accessKeyId, 'FROM-FILE')
  const given = resolveS3Connection({ s3: { credentials: keys('GIVEN\r\n') } }, 'test')
  assert.equal((await given.credentials?.get())?.accessKeyId, 'GIVEN')
})

test('sources that contradict each other or are incomplete are refused, without secrets', (t) => {
  withProcessEnv(t, awsKeys('process'))
  const refuse = (options: S3ConnectionOptions, message: RegExp): void => {
    assert.throws(
      () => resolveS3Connection(options, 'open'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'SHARD_INVALID_OPTION')
        assert.match(error.message, message)
        assert.ok(!`${error.message} ${String(error.cause)}`.includes('hush'), error.message)
        return true
      },
    )
  }
  refuse(
    { s3: { credentials: keys('hush'), profile: 'x' } },
    /s3 must have credentials or a profile, not both/,
  )
  refuse({ s3: { profile: 'missing' } }, /the profile "missing" must be in the AWS configuration/)
  refuse({ env: { AWS_PROFILE: 'missing' } }, /the profile "missing" must be in/)
  refuse({ env: { AWS_ACCESS_KEY_ID: 'hush' } }, /got AWS_ACCESS_KEY_ID alone; add the other/)
  refuse({ env: { S3_SECRET_ACCESS_KEY: 'hush' } }, /got S3_SECRET_ACCESS_KEY alone/)
  refuse(
    { env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/hush' } },
    /AWS_WEB_IDENTITY_TOKEN_FILE works in the environment of the process alone/,
  )
  refuse({ s3: { credentials: keys('hush hush') } }, /accessKeyId must be printable ASCII/)
  refuse({ envFile: 'AWS_SECRET_ACCESS_KEY=hush' }, /envFile must be the path of a file/)
  refuse({ s3: { caFile: '-----BEGIN PRIVATE KEY-----\nhush' } }, /be the path of a PEM file/)
  refuse({ env: { AWS_ENDPOINT_URL: 'http://user:hu/hush@host' } }, /the S3 endpoint must be/)
})
