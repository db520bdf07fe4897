import { withS3Server } from '../support/s3-server.js'
import { runS3StoreSuite } from './s3/store-suite.js'

await withS3Server('S3Store', runS3StoreSuite)
