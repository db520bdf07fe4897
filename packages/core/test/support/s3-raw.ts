import { S3Client } from '@aws-sdk/client-s3'
import type { TestContext } from 'node:test'
import type { S3Server } from './s3-server.js'

/** A plain client on the test server, to look at it and to make what the store would not. */
export function rawClient(t: TestContext, { endpoint, s3 }: S3Server): S3Client {
  const client = new S3Client({
    endpoint,
    region: s3.region!,
    forcePathStyle: true,
    credentials: { ...(s3.credentials as { accessKeyId: string; secretAccessKey: string }) },
  })
  t.after(() => client.destroy())
  return client
}
