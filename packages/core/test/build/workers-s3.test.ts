import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { isMainThread } from 'node:worker_threads'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { withS3Server } from '../support/s3-server.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

await withS3Server('workers', ({ bucket, s3 }) => {
  const rows = Array.from({ length: 500 }, (_, i) => [i, `row ${i}`] as const)
  const sharding = { shards: 3 }

  test('workers on S3: each has a connection of its own, and asks this thread for credentials', async () => {
    const prefix = `s3://${bucket}/${randomUUID()}`
    const keys = s3.credentials as { accessKeyId: string; secretAccessKey: string }
    let asked = 0
    const credentials = () => {
      assert.ok(isMainThread)
      asked++
      return keys
    }
    await writeSnapshot(rows, {
      prefix,
      sharding,
      workers: 2,
      s3: { ...s3, credentials },
      values: 'utf8',
    })
    // This thread and two workers.
    assert.ok(asked >= 3, `asked ${asked} times`)
    await using reader = await SnapshotReader.open({ prefix, s3, values: 'utf8' })
    const keysAsked = rows.map(([key]) => key)
    assert.deepEqual(
      await reader.getMany(keysAsked),
      rows.map(([, value]) => value),
    )
  })

  test('workers on S3: env reaches them, and credentials that fail there end the build with their error', async () => {
    const prefix = `s3://${bucket}/${randomUUID()}`
    const keys = s3.credentials as { accessKeyId: string; secretAccessKey: string }
    const { credentials: _, ...connection } = s3
    const env = { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }
    const options = { prefix, sharding, workers: 2, values: 'utf8' } as const
    await writeSnapshot(rows, { ...options, s3: connection, env })
    let calls = 0
    const failing = () => {
      if (++calls > 1) throw new Error('the vault is sealed')
      return keys
    }
    const error = await rejectsWith('SHARD_STORE', /./, () =>
      writeSnapshot(rows, { ...options, s3: { ...s3, credentials: failing } }),
    )
    assert.match(JSON.stringify([error.message, String(error.cause)]), /the vault is sealed/)
  })
})
