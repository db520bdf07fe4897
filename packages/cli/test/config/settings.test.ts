import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { openOptions } from '#dist/config/open-options.js'
import { resolveSettings } from '#dist/config/settings.js'
import { ndjson, shardy } from '../support/shardy.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const folder = tempFolder()
const NO_PARTS = { engine: undefined, catalog: undefined }

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

function flags(
  values: Record<string, string> = {},
  more: { config?: string; profile?: string; s3?: string[] } = {},
) {
  return {
    config: undefined,
    profile: undefined,
    s3: [],
    ...more,
    values: new Map(Object.entries(values)),
  }
}

test('settings: a flag overrides a variable, and a variable overrides the file', async () => {
  const config = file('order.toml', 'prefix = "s3://file/x"\nkeys = "hex"\nvalues = "hex"\n')
  const env = { SHARDY_PREFIX: 's3://env/x', SHARDY_KEYS: 'text', SHARDY_CONFIG: config }
  const settings = await resolveSettings(flags({ prefix: 's3://flag/x' }), env)
  assert.deepEqual(
    [...settings.all.values()].map(({ spec, value, source }) => [spec.name, value, source]),
    [
      ['prefix', 's3://flag/x', '--prefix'],
      ['keys', 'text', 'SHARDY_KEYS'],
      ['values', 'hex', config],
    ],
  )
})

test('settings: a prefix may be a folder, relative to the settings file', async () => {
  mkdirSync(join(folder, 'sub'))
  const config = file('sub/shardy.toml', 'prefix = "../snap dir"\n')
  const { text } = await resolveSettings(flags({}, { config }), {})
  assert.equal(text('prefix'), pathToFileURL(join(folder, 'snap dir')).href)
  assert.equal(
    (await resolveSettings(flags({ prefix: '/data/x' }), {})).text('prefix'),
    'file:///data/x',
  )
})

test('settings: a profile overrides the other settings of the file', async () => {
  const config = file(
    'profiles.toml',
    'prefix = "s3://a/x"\nkeys = "hex"\n[profiles.prod]\nprefix = "s3://b/x"\n',
  )
  const settings = await resolveSettings(flags({}, { config, profile: 'prod' }), {})
  assert.deepEqual([settings.text('prefix'), settings.text('keys')], ['s3://b/x', 'hex'])
  await assert.rejects(
    resolveSettings(flags({}, { config, profile: 'x' }), {}),
    /\[profiles\.x\] does not exist; the profiles are: prod/,
  )
})

test('settings: errors name the file and suggest the correct spelling', async () => {
  const wrong = (name: string, text: string) =>
    resolveSettings(flags({}, { config: file(name, text) }), {})
  await assert.rejects(
    wrong('a.toml', 'prefx = "x"'),
    /a\.toml: unknown setting "prefx"; the settings are prefix, /,
  )
  await assert.rejects(
    wrong('b.toml', '[s3]\nmaxAttempts = 3'),
    /unknown setting "s3\.maxAttempts"; did you mean "s3\.max-attempts"\?/,
  )
  await assert.rejects(
    wrong('c.toml', 'engine = "rust"'),
    /engine must be auto, wasm, .*module#export, got "rust"/,
  )
  await assert.rejects(wrong('d.toml', 'prefix = \n'), /d\.toml: .*line|d\.toml: Invalid TOML/)
  await assert.rejects(
    resolveSettings(flags({}, { config: join(folder, 'none') }), {}),
    /--config: ENOENT/,
  )
})

test('S3: variables that the library reads override the file, and are not passed as options', async () => {
  const config = file(
    's3.toml',
    'prefix = "s3://b/x"\n[s3]\nendpoint = "http://file"\nregion = "file"\naccess-key-id = "id"\nsecret-access-key = "secret"\nmax-attempts = 2\n',
  )
  const options = async (env: Record<string, string>, s3: string[] = []) =>
    openOptions(await resolveSettings(flags({}, { config, s3 }), env), NO_PARTS).s3
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' }
  assert.deepEqual(await options({}), {
    endpoint: 'http://file',
    region: 'file',
    maxAttempts: 2,
    credentials: keys,
  })
  assert.deepEqual(await options({ AWS_ENDPOINT_URL: 'http://env', AWS_ACCESS_KEY_ID: 'other' }), {
    region: 'file',
    maxAttempts: 2,
  })
  assert.deepEqual(
    await options({ AWS_ENDPOINT_URL: 'http://env' }, ['endpoint=http://flag', 'verify-tls=false']),
    {
      endpoint: 'http://flag',
      verifyTls: false,
      region: 'file',
      maxAttempts: 2,
      credentials: keys,
    },
  )
})

test('S3: keys and profile come from the strongest source that has any of them', async () => {
  const options = async (s3File: string, env: Record<string, string>, s3: string[] = []) => {
    const config = file('identity.toml', `prefix = "s3://b/x"\n[s3]\n${s3File}\n`)
    return openOptions(await resolveSettings(flags({}, { config, s3 }), env), NO_PARTS).s3
  }
  const keys = 'access-key-id = "id"\nsecret-access-key = "secret"'
  assert.deepEqual(await options('profile = "prod"', {}), { profile: 'prod' })
  assert.deepEqual(await options(keys, {}, ['profile=staging']), { profile: 'staging' })
  assert.equal(await options('profile = "prod"', { AWS_PROFILE: 'dev' }), undefined)
  assert.equal(await options(keys, { AWS_PROFILE: 'dev' }), undefined)
  assert.equal(await options('profile = "prod"', { AWS_ACCESS_KEY_ID: 'id' }), undefined)
  assert.deepEqual(
    await options('profile = "prod"', {}, ['access-key-id=a', 'secret-access-key=b']),
    { credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
  )
  await assert.rejects(options('access-key-id = "id"', {}), /set both in one place/)
})

test('S3: --s3 profile reaches the connection', async () => {
  const { code, stderr } = await shardy(['get', '1', '-p', 's3://b/x', '--s3', 'profile=absent'], {
    env: {
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    },
  })
  assert.equal(code, 2)
  assert.match(stderr, /SHARD_INVALID_OPTION .*profile "absent"/)
})

test('S3: no message contains a secret', async () => {
  const config = file('secret.toml', '[s3]\naccess-key-id = 5\nsecret-access-key = "hunter2"\n')
  await assert.rejects(resolveSettings(flags({}, { config }), {}), (error: Error) => {
    assert.match(error.message, /s3\.access-key-id must be text$/)
    return true
  })
  await assert.rejects(
    resolveSettings(flags({}, { s3: ['hunter=hunter2'] }), {}),
    (error: Error) => !error.message.includes('hunter2'),
  )
})

test('config show: prints the effective settings and their sources, and masks secrets', async () => {
  const config = file(
    'show.toml',
    'prefix = "s3://b/x"\n[s3]\nendpoint = "https://me:hunter2@host"\naccess-key-id = "hunter2"\nsecret-access-key = "hunter2"\n',
  )
  chmodSync(config, 0o644)
  const { code, stdout, stderr } = await shardy(
    ['config', 'show', '--config', config, '--keys', 'hex'],
    {
      env: { AWS_SESSION_TOKEN: 'hunter2' },
    },
  )
  assert.equal(code, 0)
  assert.deepEqual(ndjson(stdout), [
    { setting: 'prefix', value: 's3://b/x', from: config },
    { setting: 'keys', value: 'hex', from: '--keys' },
    { setting: 's3.endpoint', value: 'https://********@host', from: config },
    { setting: 's3.access-key-id', value: '********', from: config },
    { setting: 's3.secret-access-key', value: '********', from: config },
    { setting: 's3.session-token', value: '********', from: 'AWS_SESSION_TOKEN' },
  ])
  assert.match(stderr, /contains secrets that other users can read; run: chmod 600/)
  assert.doesNotMatch(stdout + stderr, /hunter2/)
})

test('settings: a missing prefix is an error that lists the ways to set it', async () => {
  const { code, stderr } = await shardy(['get', '1'], { cwd: folder })
  assert.equal(code, 2)
  assert.match(
    stderr,
    /^shardy: the location of the snapshot is missing; pass --prefix, set SHARDY_PREFIX, or add prefix to shardy\.toml/,
  )
})

test('prefix: a folder becomes a file URL, and text with a scheme never becomes a folder', async () => {
  const given = async (prefix: string) =>
    (await resolveSettings(flags({ prefix }), {})).text('prefix')
  const here = pathToFileURL(process.cwd()).href
  assert.equal(await given('./snap'), `${here}/snap`)
  assert.equal(await given('a/s3:/b'), `${here}/a/s3:/b`)
  for (const url of [
    's3:/bucket/x',
    'S3://bucket/x',
    'http:/host/x',
    's3:bucket',
    'file:/abs/x',
    'gs://b/x',
  ])
    assert.equal(await given(url), url)
})

test('prefix: a malformed prefix is rejected with a remedy, and creates no folder', async () => {
  const cwd = tempFolder()
  const rows = file('rows.ndjson', '{"id":1}\n')
  const wrong: [string, RegExp][] = [
    ['s3:/bucket/prices', /write two slashes: "s3:\/\/bucket\/prices/],
    ['s3:bucket/prices', /write two slashes: "s3:\/\/bucket\/prices/],
    ['S3://bucket/prices', /write the scheme in lower case: s3:\/\//],
    ['http:/host/prices', /write two slashes: "http:\/\/host\/prices/],
    ['gs://bucket/prices', /gs:\/\/ is not supported/],
    ['file:prices', /a file URL begins with three slashes/],
  ]
  for (const [prefix, message] of wrong) {
    const args = ['build', rows, '-p', prefix, '-k', 'id', '--no-progress']
    const { code, stderr } = await shardy(args, { cwd })
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
    assert.deepEqual(readdirSync(cwd), [])
  }
  const snap = join(tempFolder(), 'snap')
  const built = await shardy(['build', rows, '-p', `file:${snap}`, '-k', 'id'], { cwd })
  assert.equal(built.code, 0, built.stderr)
  assert.equal((await shardy(['get', '1', '-p', snap])).stdout, '{"id":1}\n')
})
