import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withS3Server } from '../../../core/dist-test/support/s3-server.js'
import { ndjson, shardy } from '../support/shardy.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

await withS3Server('shardy', ({ endpoint, bucket, s3 }) => {
  const { accessKeyId, secretAccessKey } = s3.credentials as {
    accessKeyId: string
    secretAccessKey: string
  }
  const prefix = `s3://${bucket}/prices`
  const stdin = '{"id":1,"name":"anvil"}\n{"id":2,"name":"rope"}\n'

  test('S3: uses the connection of the settings file and keys of the environment', async () => {
    const folder = tempFolder()
    writeFileSync(
      join(folder, 'shardy.toml'),
      `prefix = "${prefix}"\n[s3]\nendpoint = "${endpoint}"\nregion = "us-east-1"\n`,
    )
    const run = (args: readonly string[]) =>
      shardy(args, {
        cwd: folder,
        stdin,
        env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      })
    const built = await run(['build', '-k', 'id', '--shards', '2', '--no-progress'])
    assert.deepEqual([built.code, built.stderr], [0, ''])
    assert.equal((await run(['get', '2'])).stdout, '{"id":2,"name":"rope"}\n')
    assert.equal(ndjson((await run(['history'])).stdout).length, 1)
    const report = await run(['report', '-o', '-'])
    assert.match(report.stdout, /<h1>prices<\/h1>/)
  })

  test('S3: wrong keys are an error that contains none of them', async () => {
    const flags = [
      '--s3',
      `endpoint=${endpoint}`,
      '--s3',
      'region=us-east-1',
      '--s3',
      'max-attempts=1',
    ]
    const keys = ['--s3', 'access-key-id=hunter2', '--s3', 'secret-access-key=hunter2']
    const nowhere = `s3://${bucket}-none/x`
    const { code, stdout, stderr } = await shardy([
      'get',
      '1',
      '-p',
      nowhere,
      '-v',
      ...flags,
      ...keys,
    ])
    assert.deepEqual([code, stdout], [3, ''])
    assert.match(stderr, /^shardy: SHARD_STORE /)
    assert.doesNotMatch(stderr, /hunter2/)
  })
})
