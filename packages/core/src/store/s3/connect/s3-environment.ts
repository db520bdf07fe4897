import type { Environment } from '../../environment/environment.js'
import type { S3Connection } from './s3-connection.js'
import type { S3Credentials } from './s3-options.js'

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
 * `credentials` is `undefined` if the engine finds and renews them itself.
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
    ...(!verifyTls && { AWS_ALLOW_INVALID_CERTIFICATES: 'true' }),
    ...(caFile !== undefined && { SSL_CERT_FILE: caFile }),
    ...milliseconds('AWS_CONNECT_TIMEOUT', chosenTimeouts.connectMs),
    ...milliseconds('AWS_TIMEOUT', chosenTimeouts.requestMs),
    ...engineVariables(credentials ?? {}, { endpoint, region, addressing }),
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
