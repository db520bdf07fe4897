import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { readBody } from '../../transfer/read-body.js'
import { answerProblem, documentProblem, type S3Operation } from '../s3-answer.js'
import type { S3Connection } from './s3-connection.js'
import { BadAnswer } from '../s3-failure.js'

/** Maximum number of connections to one host; further requests wait for a free one. */
const MAX_SOCKETS = 64
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/**
 * Creates the client of one connection. It never retries and has no timeouts, so that no two layers
 * do.
 */
export function createS3Client(connection: S3Connection): S3Client {
  const { addressing, ca, credentials, endpoint, profile, region, variables, verifyTls } =
    connection
  const tls = { rejectUnauthorized: verifyTls, ...(ca !== undefined && { ca: [...ca] }) }
  const config: S3ClientConfig & AwsFiles = {
    region,
    // Suppresses its warnings about variables that a profile overrides.
    logger: SILENT,
    // Passed on to its credential chain.
    configFilepath: variables('AWS_CONFIG_FILE'),
    filepath: variables('AWS_SHARED_CREDENTIALS_FILE'),
    maxAttempts: 1,
    // Many compatible servers do not support newer checksums. Every put is signed with its SHA-256
    // in any case, and lengths are compared on reading.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It would open another connection for every larger put.
    expectContinueHeader: false,
    forcePathStyle: addressing === 'path' || (addressing === 'auto' && endpoint !== undefined),
    customUserAgent: 'shardyfusion',
    requestHandler: {
      connectionTimeout: connection.connectTimeoutMs,
      requestTimeout: 0,
      socketTimeout: 0,
      logger: SILENT,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS, ...tls },
    },
  }
  if (endpoint !== undefined) config.endpoint = endpoint
  if (profile !== undefined) config.profile = profile
  if (credentials !== undefined) {
    // "Memoized" prevents the client from caching keys that the source knows to be old.
    config.credentials = Object.assign(async () => ({ ...(await credentials.get()) }), {
      memoized: true,
    }) as NonNullable<S3ClientConfig['credentials']>
  }
  const client = new S3Client(config)
  refuseForeignAnswers(client)
  return client
}

/** Paths of the AWS configuration files, as its credential providers take them. */
interface AwsFiles {
  readonly configFilepath: string | undefined
  readonly filepath: string | undefined
}

const OPERATIONS: Readonly<Record<string, S3Operation>> = {
  GetObjectCommand: 'get',
  HeadObjectCommand: 'head',
  PutObjectCommand: 'put',
  DeleteObjectCommand: 'delete',
  DeleteObjectsCommand: 'delete-many',
  ListObjectsV2Command: 'list',
  CreateMultipartUploadCommand: 'start-upload',
  UploadPartCommand: 'put',
  CompleteMultipartUploadCommand: 'complete-upload',
  AbortMultipartUploadCommand: 'delete',
}

/** Checks each response before the client parses it into a result or an error. */
function refuseForeignAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (request) => {
      const result = await next(request)
      const operation = OPERATIONS[context.commandName ?? '']
      if (operation !== undefined) await checkAnswer(operation, result.response as RawAnswer)
      return result
    },
    // Low priority runs closest to the wire.
    { step: 'deserialize', priority: 'low', name: 'refuseForeignAnswers' },
  )
}

/** Maximum bytes of a list or an error: 1,000 keys of 1,024 bytes, each escaped, are far less. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024

async function checkAnswer(operation: S3Operation, answer: RawAnswer): Promise<void> {
  const { statusCode: status, headers, body } = answer
  const problem = answerProblem(operation, { status, headers })
  if (problem !== undefined) throw new BadAnswer(problem)
  const isObject = status < 300 && operation === 'get'
  if (isObject || operation === 'head' || body === undefined) return
  // The client would read a document to its end, however long it is.
  const limits = { length: undefined, maxBytes: MAX_DOCUMENT_BYTES, received: () => {} }
  const bytes = await readBody(body as AsyncIterable<Uint8Array>, limits)
  answer.body = bytes
  const foreign = status < 300 ? documentProblem(operation, bytes) : undefined
  if (foreign !== undefined) throw new BadAnswer(foreign)
}

interface RawAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  body: unknown
}
