import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type S3Credentials, SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { withS3Server } from '../support/s3-server.js'

await withS3Server('the page about S3', ({ endpoint, bucket, s3: { credentials: keys } }) =>
  test('S3: one object connects writers and readers', async () => {
    const { accessKeyId, secretAccessKey } = keys as S3Credentials
    const prefix = `s3://${bucket}/prices`
    const rows: [number, Uint8Array][] = [[42, Uint8Array.of(1)]]
    // #region s3
    const s3 = {
      endpoint, // such as https://minio.example:9000; leave out for AWS
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
    }
    await writeSnapshot(rows, { prefix, sharding: { shards: 8 }, s3 })
    await using reader = await SnapshotReader.open({ prefix, s3 })
    // #endregion
    assert.deepEqual(await reader.get(42), Uint8Array.of(1))
  }),
)
