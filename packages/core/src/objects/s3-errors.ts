import { isShardyfusionError, ShardyfusionError } from '../errors.js'
import { describeUrl } from '../util/describe-url.js'
import { redact } from '../util/redact.js'
import type { S3Connection } from './s3-connection.js'
import { classifyS3Failure, KeysLeft, type S3Failure, type S3FailureKind } from './s3-failure.js'

/** Which request failed, for its message. */
export interface S3ErrorContext {
  /** Such as `S3Store.get`. */
  readonly where: string
  readonly url: string
  readonly connection: S3Connection
  readonly region?: string | undefined
  readonly attempts?: number | undefined
}

/** The SDK's error for a failed request; our own come back as they are. */
export function s3StoreError(error: unknown, context: S3ErrorContext): ShardyfusionError {
  if (isShardyfusionError(error)) return error
  const failure = classifyS3Failure(error)
  const { kind, transient, status, awsCode, requestId, region, errno } = failure
  const keysLeft = error instanceof KeysLeft ? error.keysLeft : undefined
  const { attempts } = context
  const details = { status, awsCode, requestId, region, errno, attempts, keysLeft }
  const known = Object.entries(details).filter(([, value]) => value !== undefined)
  return new ShardyfusionError('SHARD_STORE', messageOf(error, failure, context), {
    retryable: transient,
    details: {
      ...(transient && { peer: 'S3TransientError' }),
      kind,
      ...Object.fromEntries(known),
    },
    cause: withoutSecrets(error, failure),
  })
}

function messageOf(error: unknown, failure: S3Failure, context: S3ErrorContext): string {
  const { attempts = 1 } = context
  const bucket = /^s3:\/\/([^/]*)/.exec(context.url)?.[1] ?? ''
  const place = placeOf(context)
  const tried = attempts > 1 ? ` after ${attempts} attempts` : ''
  const what = ADVICE[failure.kind]({
    bucket,
    place,
    failure,
    context,
    said: saidBy(error, failure),
  })
  const left = error instanceof KeysLeft ? `${error.message}; ` : ''
  return `${context.where}: ${describeUrl(context.url)} failed${tried}: ${left}${what}`
}

function placeOf({ connection, region }: S3ErrorContext): string {
  if (connection.endpoint !== undefined) return connection.endpoint
  return `AWS S3 in ${region ?? connection.region ?? 'the configured region'}`
}

const ABOUT_KEYS: readonly S3FailureKind[] = [
  'access-denied',
  'bad-credentials',
  'expired-credentials',
]

interface Said {
  readonly bucket: string
  readonly place: string
  readonly failure: S3Failure
  readonly context: S3ErrorContext
  /** What the server or the system said, in short. */
  readonly said: string
}

const ADVICE: Readonly<Record<S3FailureKind, (s: Said) => string>> = {
  'no-bucket': ({ bucket, place }) =>
    `there is no bucket "${bucket}" at ${place}; create it, or check the prefix and s3.endpoint`,
  'access-denied': ({ place, said }) =>
    `${place} denied access (${said}); grant these credentials s3:ListBucket on the bucket, and s3:GetObject, ` +
    's3:PutObject and s3:DeleteObject on its objects',
  'bad-credentials': ({ place, said }) =>
    `${place} does not accept the credentials (${said}); check the key id, the secret and the session token, and ` +
    'that they belong to this endpoint',
  'expired-credentials': ({ said }) =>
    `the credentials have expired (${said}); renew them, or pass a function as s3.credentials`,
  'no-credentials': ({ said }) =>
    `no credentials found (${said}); pass s3.credentials, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ` +
    'configure a profile or role',
  clock: ({ place }) =>
    `the clock of this machine differs too much from that of ${place}; synchronise it`,
  region: ({ bucket, place, failure }) =>
    failure.region === undefined
      ? `the bucket "${bucket}" is in another region than ${place}; set s3.region`
      : `the bucket "${bucket}" is in ${failure.region}, not where ${place} is; set s3.region to "${failure.region}"`,
  'unknown-host': ({ place, context }) =>
    `the host name of ${place} does not exist; check s3.endpoint and s3.region` +
    (context.connection.endpoint !== undefined && context.connection.addressing === 'virtual'
      ? ", or set s3.addressing to 'path'"
      : ''),
  refused: ({ place }) =>
    `${place} refuses connections; check host and port of s3.endpoint, and that the server runs`,
  tls: ({ place, said }) =>
    `no trusted TLS connection to ${place} (${said}); name its authority in s3.caFile, or write http:// if it ` +
    'speaks plain HTTP',
  timeout: ({ place, said }) =>
    `${place} did not answer in time (${said}); check the network, or raise s3.requestTimeoutMs`,
  network: ({ place, said }) => `the connection to ${place} broke (${said})`,
  throttled: ({ place }) => `${place} asks to slow down; lower concurrency`,
  server: ({ place, said }) => `${place} has a failure of its own (${said})`,
  'not-s3': ({ place, said }) =>
    `${place} answers, but not like S3 (${said}); check host, port and scheme of s3.endpoint`,
  other: ({ said }) => `${said}; see the cause`,
}

function saidBy(error: unknown, { awsCode, errno, status }: S3Failure): string {
  const facts = [
    status === undefined ? undefined : `HTTP ${status}`,
    awsCode === undefined || /^\d+$/.test(awsCode) ? undefined : awsCode,
    status === undefined ? errno : undefined,
  ].filter((fact) => fact !== undefined)
  return facts.length > 0 ? facts.join(' ') : shortMessage(error)
}

function shortMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  // What servers repeat of a request: nothing else in a sentence is that long.
  const line = redact(message.split('\n', 1)[0] ?? '').replace(/[\w+/=%-]{40,}/g, '…')
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

/**
 * What is safe to keep of a failed request as the cause.
 *
 * The client's errors carry the whole answer, and a refused signature is answered with the request that
 * was signed, session token and all.
 */
function withoutSecrets(error: unknown, { kind, awsCode }: S3Failure): unknown {
  if (!(error instanceof Error) || !('$metadata' in error)) return error
  const { name, $metadata } = error as Error & { $metadata: Record<string, unknown> }
  const { httpStatusCode, requestId, extendedRequestId } = $metadata
  // What a server says of keys may name them.
  const safe = new Error(ABOUT_KEYS.includes(kind) ? (awsCode ?? kind) : shortMessage(error))
  // Where it was thrown, without the message, which the stack repeats in full.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  safe.stack = [`${name}: ${safe.message}`, ...frames].join('\n')
  return Object.assign(safe, { name, httpStatusCode, requestId, extendedRequestId })
}
