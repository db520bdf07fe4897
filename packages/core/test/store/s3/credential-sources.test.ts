import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { withProcessEnv } from '../../support/process-env.js'
import { startRecordingServer } from '../../support/recording-server.js'
import { tempDirectory } from '../temp-root.js'

const profile = (id: string, more = ''): string =>
  `[default]\naws_access_key_id = ${id}\naws_secret_access_key = secret\n${more}`

async function openWithProfile(t: TestContext, text: string) {
  const path = join(await tempDirectory(t), 'credentials')
  writeFileSync(path, text)
  withProcessEnv(t, { AWS_SHARED_CREDENTIALS_FILE: path })
  return path
}

test('keys of a profile that expired are read again: another program renews the file', async (t) => {
  const path = await openWithProfile(t, profile('OLD', 'aws_session_token = t1\n'))
  const signers: string[] = []
  const { endpoint } = await startRecordingServer(t, ({ headers }) => {
    const { authorization = '' } = headers
    signers.push(/Credential=([^/]*)/.exec(authorization)?.[1] ?? '')
    return signers.at(-1) === 'OLD' ? { status: 400, code: 'ExpiredToken' } : undefined
  })
  const store = new S3Store({ s3: { endpoint, region: 'r' } })
  t.after(() => store.close())
  writeFileSync(path, profile('OLDER', 'aws_session_token = t1\n').replace('OLDER', 'NEW'))
  assert.equal((await store.get('s3://bucket/x'))?.length, 1)
  assert.equal((await store.engineEnvironment('s3://bucket/p'))['AWS_SESSION_TOKEN'], 't1')
  writeFileSync(path, profile('OLD'))
  const other = new S3Store({ s3: { endpoint, region: 'r' } })
  t.after(() => other.close())
  await assert.rejects(other.get('s3://bucket/x'), { message: /have expired/ })
  assert.deepEqual(signers, ['NEW', 'OLD', 'OLD'])
})

test('keys that vanished from their profile are an error that names it', async (t) => {
  const path = await openWithProfile(t, profile('id'))
  const store = new S3Store({ s3: { endpoint: 'http://127.0.0.1:1', region: 'r' } })
  t.after(() => store.close())
  writeFileSync(path, '[default]\nregion = r\n')
  await assert.rejects(store.get('s3://bucket/x'), {
    message: /no credentials found \(the profile "default" has no keys now\)/,
  })
})

/** Runs a script that cannot import the package of the credential chain. */
function runWithoutProviders(script: string, env: Record<string, string>) {
  const hooks =
    'export const resolve = (name, context, next) => name.startsWith("@aws-sdk/")' +
    ' ? Promise.reject(Object.assign(new Error("not found"), { code: "ERR_MODULE_NOT_FOUND" })) : next(name, context)'
  const register = `import { register } from 'node:module'; register('data:text/javascript,${encodeURIComponent(hooks)}')`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(register)}`,
      '--input-type=module',
      '-e',
      script,
    ],
    {
      encoding: 'utf8',
      timeout: 60_000,
      env: {
        PATH: process.env['PATH'],
        AWS_CONFIG_FILE: '/nonexistent',
        AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
        ...env,
      },
    },
  )
  return stdout + stderr
}

test('without the package of the credential chain, messages say what it is needed for', async (t) => {
  const config = join(await tempDirectory(t), 'config')
  writeFileSync(
    config,
    '[profile sso]\nsso_start_url = https://x\n' +
      '[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\n' +
      'aws_access_key_id = a\naws_secret_access_key = b\n',
  )
  const core = import.meta.resolve('@shardyfusion/core')
  const script = `
    import { openObjectStore } from ${JSON.stringify(core)}
    const profiles = [undefined, 'sso', 'role']
    for (const profile of profiles) {
      const s3 = { endpoint: 'http://127.0.0.1:1', ...(profile && { profile }) }
      const store = await openObjectStore('s3://bucket/x', { s3 })
      await store.get('s3://bucket/x').catch((error) => console.log(error.message))
    }`
  const install =
    /@aws-sdk\/credential-providers is not installed: npm install @aws-sdk\/credential-/
  const plain = runWithoutProviders(script, { AWS_CONFIG_FILE: config }).trim().split('\n')
  assert.equal(plain.length, 3, plain.join('\n'))
  for (const line of plain) assert.match(line, install)
  assert.match(
    plain[0] ?? '',
    /no credentials found \(roles, SSO and instances need a package, and/,
  )
  assert.match(plain[1] ?? '', /\(the profile "sso" has no keys, and/)
  assert.match(plain[2] ?? '', /\(the profile "role" has no keys, and/)
  const web = runWithoutProviders(script, {
    AWS_CONFIG_FILE: config,
    AWS_WEB_IDENTITY_TOKEN_FILE: '/x',
  })
  assert.match(web, /there is a web identity, and/)
  const container = runWithoutProviders(script, {
    AWS_CONFIG_FILE: config,
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x',
  })
  assert.match(container, /there are container credentials, and/)
})
