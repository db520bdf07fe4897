import type { Environment } from '../../environment/environment.js'
import type { S3Connection } from './s3-connection.js'
import type { S3Credentials } from './s3-options.js'
import { bucketAddress } from '../wire/bucket-address.js'

interface EngineConnection {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly addressing?: 'path' | 'virtual' | 'auto' | undefined
}

/**
 * Returns a connection as the variables the engine reads; omits those without a value.
 *
 * Source: wire-format §11.2; peer `materialize_env_file`.
 */
export function engineVariables(
  credentials: Partial<S3Credentials>,
  { endpoint, region, addressing }: EngineConnection,
): Record<string, string> {
  const virtual = { path: 'false', virtual: 'true', auto: '' }[addressing ?? 'auto']
  const variables: [string, string | undefined][] = [
    ['AWS_ACCESS_KEY_ID', credentials.accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey],
    ['AWS_SESSION_TOKEN', credentials.sessionToken],
    ['AWS_ENDPOINT_URL', endpoint],
    ['AWS_ALLOW_HTTP', endpoint?.startsWith('http://') === true ? 'true' : undefined],
    ['AWS_REGION', region],
    ['AWS_VIRTUAL_HOSTED_STYLE_REQUEST', virtual],
  ]
  return Object.fromEntries(
    variables.flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, value]],
    ),
  )
}

/**
 * Returns all variables an engine needs to reach `bucket` over this connection, whatever the
 * process's own variables contain.
 *
 * `credentials` is `undefined` if the engine finds and renews them itself, or signs nothing.
 */
export function engineEnvironment(
  connection: S3Connection,
  bucket: string,
  region: string | undefined,
  credentials: S3Credentials | undefined,
): Environment {
  const { addressing, caFile, chosenTimeouts, explicit, verifyTls } = connection
  const endpoint =
    addressing === 'virtual' ? withBucket(connection.endpoint, bucket) : connection.endpoint
  return {
    ...explicit,
    // The engine would also read it, and which of the two wins is undefined.
    ...(endpoint !== undefined && { AWS_ENDPOINT: undefined }),
    // A token of the process does not belong to these keys.
    ...(credentials !== undefined && { AWS_SESSION_TOKEN: undefined }),
    ...(connection.credentials.kind === 'none' && { AWS_SKIP_SIGNATURE: 'true' }),
    ...engineHeaders(connection, bucket),
    ...(!verifyTls && { AWS_ALLOW_INVALID_CERTIFICATES: 'true' }),
    ...(caFile !== undefined && { SSL_CERT_FILE: caFile }),
    ...milliseconds('AWS_CONNECT_TIMEOUT', chosenTimeouts.connectMs),
    ...milliseconds('AWS_TIMEOUT', chosenTimeouts.requestMs),
    ...engineVariables(credentials ?? {}, { endpoint, region, addressing }),
  }
}

/** Returns the variables of what requests of the engine carry, and of its proxy. */
function engineHeaders(connection: S3Connection, bucket: string): Record<string, string> {
  const { checksum, encryption, proxyFor, requesterPays } = connection
  const algorithm = encryption['x-amz-server-side-encryption']
  const keyId = encryption['x-amz-server-side-encryption-aws-kms-key-id']
  const proxy = proxyFor(bucketAddress(connection, bucket).origin)
  return {
    ...(algorithm !== undefined && { AWS_SERVER_SIDE_ENCRYPTION: algorithm }),
    ...(keyId !== undefined && { AWS_SSE_KMS_KEY_ID: keyId }),
    ...(requesterPays && { AWS_REQUEST_PAYER: 'true' }),
    // It has no MD5.
    ...(checksum === 'md5' && { AWS_CHECKSUM_ALGORITHM: 'SHA256' }),
    ...(proxy !== undefined && { AWS_PROXY_URL: proxy.url.href }),
  }
}

/** For virtual addressing the engine expects the bucket's host name; it does not build it. */
function withBucket(endpoint: string | undefined, bucket: string): string | undefined {
  const [, scheme, rest] = /^(https?:\/\/)(.*)$/.exec(endpoint ?? '') ?? []
  if (scheme === undefined || rest === undefined || rest.startsWith(`${bucket}.`)) return endpoint
  return `${scheme}${bucket}.${rest}`
}

function milliseconds(name: string, value: number | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: `${value}ms` }
}
