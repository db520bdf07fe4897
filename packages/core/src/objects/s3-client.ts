import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Connection } from './s3-connection.js'

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
  return { client: new S3Client(config), region }
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
