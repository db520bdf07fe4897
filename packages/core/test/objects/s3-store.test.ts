import { randomUUID } from 'node:crypto'
import { objectStoreContract } from '../contract/object-store.js'
import { withS3Server } from '../support/s3-server.js'
import { S3Store } from '#dist/objects/s3-store.js'

await withS3Server('S3Store', ({ bucket, s3 }) => {
  objectStoreContract({
    name: 'S3Store',
    open: (t) => {
      const store = new S3Store({ s3 })
      t.after(() => store.close())
      return Promise.resolve({ store, root: `s3://${bucket}/${randomUUID()}` })
    },
  })
})
