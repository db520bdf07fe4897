import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { answerProblem, type S3Operation } from './s3-answer.js'
import type { S3Connection } from './s3-connection.js'
import { BadAnswer } from './s3-failure.js'

/** Connections kept to one host; more requests than these wait for their turn. */
const MAX_SOCKETS = 64
const FALLBACK_REGION = 'us-east-1'
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/** A client and the region it settled on. */
export interface ConnectedClient {
  readonly client: S3Client
  readonly region: string
}

/** The client of one connection; it retries and times out nothing by itself, so that no two layers do. */
export async function createS3Client(connection: S3Connection): Promise<ConnectedClient> {
  const region = connection.region ?? (await configuredRegion(connection.profile))
  const { addressing, ca, credentials, endpoint, profile, verifyTls } = connection
  const tls = { rejectUnauthorized: verifyTls, ...(ca !== undefined && { ca: [...ca] }) }
  const config: S3ClientConfig = {
    region,
    maxAttempts: 1,
    // Servers that are compatible, not equal: many know nothing of newer checksums. What is put is signed
    // with its SHA-256 in any case, and lengths are compared on reading.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It would cost a connection of its own for every larger put.
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
    // "Memoized" keeps the client from holding on to keys that the source knows to be old.
    config.credentials = Object.assign(async () => ({ ...(await credentials.get()) }), {
      memoized: true,
    }) as NonNullable<S3ClientConfig['credentials']>
  }
  const client = new S3Client(config)
  refuseForeignAnswers(client)
  return { client, region }
}

const OPERATIONS: Readonly<Record<string, S3Operation>> = {
  GetObjectCommand: 'get',
  HeadObjectCommand: 'head',
  PutObjectCommand: 'put',
  DeleteObjectCommand: 'delete',
  DeleteObjectsCommand: 'delete-many',
  ListObjectsV2Command: 'list',
}

/** Looks at each answer before the client makes a result or an error of it. */
function refuseForeignAnswers(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (request) => {
      const result = await next(request)
      const operation = OPERATIONS[context.commandName ?? '']
      const { statusCode: status, headers } = result.response as RawAnswer
      const problem = operation && answerProblem(operation, { status, headers })
      if (problem !== undefined) throw new BadAnswer(problem)
      return result
    },
    // Low is next to the wire.
    { step: 'deserialize', priority: 'low', name: 'refuseForeignAnswers' },
  )
}

interface RawAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
}

/** The region of the AWS configuration files. */
async function configuredRegion(profile: string | undefined): Promise<string> {
  const client = new S3Client(profile === undefined ? {} : { profile })
  try {
    return await client.config.region()
  } catch {
    return FALLBACK_REGION
  } finally {
    client.destroy()
  }
}
