import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Environment } from '#dist/store/environment/environment.js'
import { resolveS3Connection } from '#dist/store/s3/connect/s3-connection.js'
import type { S3Options } from '#dist/store/s3/connect/s3-options.js'
import { bucketAddress } from '#dist/store/s3/wire/bucket-address.js'
import { withProcessEnv } from '../../support/process-env.js'
import { tempDirectory } from '../temp-root.js'

function addressOf(s3: S3Options, bucket = 'bucket', env: Environment = {}): string {
  const { origin, path } = bucketAddress(resolveS3Connection({ s3, env }, 'open'), bucket)
  return `${origin.origin}${path}`
}

test('the address of a bucket: AWS, its parts of the world, and endpoints', (t) => {
  withProcessEnv(t, {})
  const eu = { region: 'eu-west-3' }
  const http = 'http://h:9000'
  for (const [s3, bucket, expected] of [
    [{}, 'bucket', 'https://bucket.s3.us-east-1.amazonaws.com'],
    [eu, 'bucket', 'https://bucket.s3.eu-west-3.amazonaws.com'],
    [{ ...eu, addressing: 'path' }, 'bucket', 'https://s3.eu-west-3.amazonaws.com/bucket'],
    // No certificate covers more than one level.
    [eu, 'my.bucket', 'https://s3.eu-west-3.amazonaws.com/my.bucket'],
    [eu, 'My_Bucket', 'https://s3.eu-west-3.amazonaws.com/My_Bucket'],
    [{ region: 'cn-north-1' }, 'b', 'https://b.s3.cn-north-1.amazonaws.com.cn'],
    [{ region: 'us-gov-west-1' }, 'b', 'https://b.s3.us-gov-west-1.amazonaws.com'],
    [{ region: 'us-iso-east-1' }, 'b', 'https://b.s3.us-iso-east-1.c2s.ic.gov'],
    [{ region: 'us-isob-east-1' }, 'b', 'https://b.s3.us-isob-east-1.sc2s.sgov.gov'],
    [{ endpoint: http }, 'bucket', `${http}/bucket`],
    [{ endpoint: `${http}/base/` }, 'bucket', `${http}/base/bucket`],
    [{ endpoint: http, addressing: 'virtual' }, 'bucket', 'http://bucket.h:9000'],
    [{ endpoint: `${http}/base`, addressing: 'virtual' }, 'bucket', 'http://bucket.h:9000/base'],
    [{ endpoint: http, addressing: 'virtual' }, 'my.bucket', 'http://my.bucket.h:9000'],
    [{ endpoint: 'https://h', addressing: 'virtual' }, 'my.bucket', 'https://h/my.bucket'],
    // Addresses have no subdomains.
    [{ endpoint: 'http://10.0.0.7:1', addressing: 'virtual' }, 'b', 'http://10.0.0.7:1/b'],
    [{ endpoint: 'http://[::1]:1', addressing: 'virtual' }, 'b', 'http://[::1]:1/b'],
  ] as const) {
    assert.equal(addressOf(s3, bucket), expected)
  }
})

test('the address of a bucket: IPv6 and certified cryptography, by variables', (t) => {
  withProcessEnv(t, { AWS_USE_FIPS_ENDPOINT: 'true' })
  const dual = { AWS_USE_DUALSTACK_ENDPOINT: 'true' }
  const s3 = { region: 'us-east-2' }
  assert.equal(addressOf(s3), 'https://bucket.s3-fips.us-east-2.amazonaws.com')
  const both = 'https://bucket.s3-fips.dualstack.us-east-2.amazonaws.com'
  assert.equal(addressOf(s3, 'bucket', dual), both)
  const not = { ...dual, AWS_USE_FIPS_ENDPOINT: 'false' }
  assert.equal(addressOf(s3, 'bucket', not), 'https://bucket.s3.dualstack.us-east-2.amazonaws.com')
})

test('a region that would lead to another host is refused', (t) => {
  withProcessEnv(t, {})
  const message = /the region of AWS must be a name such as "eu-central-1", got "evil\.example\/"/
  assert.throws(() => resolveS3Connection({ s3: { region: 'evil.example/' } }, 'open'), { message })
  // With an endpoint it is only signed.
  const s3 = { region: 'any thing', endpoint: 'http://h:1' }
  assert.equal(resolveS3Connection({ s3 }, 'open').region, 'any thing')
})

async function withProfiles(t: TestContext, config: string, variables: Record<string, string>) {
  const path = join(await tempDirectory(t), 'config')
  writeFileSync(path, config)
  withProcessEnv(t, { AWS_CONFIG_FILE: path, ...variables })
}

test('endpoint, region, addressing and addresses of AWS come from the profile', async (t) => {
  await withProfiles(
    t,
    '[default]\nregion = eu-central-1\nuse_fips_endpoint = true\n' +
      '[profile far]\nendpoint_url = http://h:9000\ns3 =\n  addressing_style = virtual\n' +
      '[profile six]\nregion = us-west-2\nuse_dualstack_endpoint = true\n',
    {},
  )
  assert.equal(addressOf({}), 'https://bucket.s3-fips.eu-central-1.amazonaws.com')
  assert.equal(addressOf({ profile: 'far' }), 'http://bucket.h:9000')
  // Explicit beats ambient, also where it says what the default is.
  assert.equal(addressOf({ profile: 'far', addressing: 'auto' }), 'http://h:9000/bucket')
  assert.equal(
    addressOf({ profile: 'six', region: 'us-east-2' }),
    'https://bucket.s3-fips.dualstack.us-east-2.amazonaws.com',
  )
  const env = { AWS_VIRTUAL_HOSTED_STYLE_REQUEST: 'false' }
  assert.equal(addressOf({ profile: 'far', addressing: 'virtual' }, 'b', env), 'http://h:9000/b')
})

test('addressing of the process gives way to any option', (t) => {
  withProcessEnv(t, { AWS_VIRTUAL_HOSTED_STYLE_REQUEST: 'true' })
  const endpoint = 'http://h:9000'
  assert.equal(addressOf({ endpoint }), 'http://bucket.h:9000')
  assert.equal(addressOf({ endpoint, addressing: 'auto' }), 'http://h:9000/bucket')
  assert.equal(addressOf({ endpoint, addressing: 'path' }), 'http://h:9000/bucket')
})
