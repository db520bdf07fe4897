import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { S3Store } from '#dist/store/s3/s3-store.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'
import { withVersitygw } from '../../support/versitygw.js'
import { runS3UploadSuite } from '../upload/s3-upload-suite.js'
import { runS3ProofsSuite } from './proofs-suite.js'
import { runS3StoreSuite } from './store-suite.js'

// Unlike moto, it checks signatures.
await withVersitygw('S3Store', (server) => {
  runS3StoreSuite(server)
  runS3ProofsSuite(server)
  runS3UploadSuite(server)

  test('versitygw: refuses a wrong secret, a wrong region and a missing bucket', async (t) => {
    const failsWith = async (s3: object, message: RegExp, bucket = server.bucket) => {
      const store = new S3Store({ s3: { ...server.s3, ...s3 } })
      t.after(() => store.close())
      await rejectsWith('SHARD_STORE', message, () => store.get(`s3://${bucket}/x`))
    }
    const credentials = { accessKeyId: 'test-key-id', secretAccessKey: 'another' }
    await failsWith({ credentials }, /does not accept the credentials/)
    await failsWith({ region: 'eu-west-3' }, /is in us-east-1.*set s3\.region to "us-east-1"/)
    await failsWith({}, /there is no bucket/, 'no-such-bucket-here')
  })

  test('versitygw: a snapshot is built and read', async () => {
    const prefix = `s3://${server.bucket}/snapshot`
    const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: `row ${id}` }))
    const sharding = { shards: 3 }
    const options = { prefix, s3: server.s3, key: 'id', values: 'json', sharding } as const
    await writeSnapshot(rows, options)
    await using reader = await SnapshotReader.open({ prefix, s3: server.s3, values: 'json' })
    assert.deepEqual(await reader.get(42), rows[42])
    let count = 0
    for await (const _ of reader.scanIter()) count++
    assert.equal(count, 200)
  })
})
