import { withS3Server } from '../../support/s3-server.js'
import { runS3UploadSuite } from './s3-upload-suite.js'

await withS3Server('S3Store.upload', runS3UploadSuite)
