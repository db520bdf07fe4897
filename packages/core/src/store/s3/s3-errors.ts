import { isShardyfusionError, ShardyfusionError } from '../../errors.js'
import { describeUrl } from '../../text/describe-url.js'
import { redact } from '../../text/redact.js'
import type { S3Connection } from './connect/s3-connection.js'
import { classifyS3Failure, KeysLeft, type S3Failure, type S3FailureKind } from './s3-failure.js'

/** Which request failed, for its message. */
export interface S3ErrorContext {
  /** Such as `S3Store.get`. */
  readonly where: string
  readonly url: string
  readonly connection: S3Connection
  readonly attempts?: number | undefined
  /** True for a put with `If-None-Match`. */
  readonly conditional?: boolean | undefined
  /** True when the same place has answered like S3 before, so that something in between answered this time. */
  readonly proven?: boolean | undefined
  /** Values that must not be shown. */
  readonly secrets?: readonly string[] | undefined
}

/** The SDK's error for a failed request; our own come back as they are. */
export function s3StoreError(error: unknown, context: S3ErrorContext): ShardyfusionError {
  if (isShardyfusionError(error)) return error
  const failure = failureOf(error, context)
  const { kind, status, awsCode, requestId, region, errno } = failure
  const transient = failure.transient || (kind === 'not-s3' && context.proven === true)
  const keysLeft = error instanceof KeysLeft ? error.keysLeft : undefined
  const { attempts } = context
  const awsMessage = failure.said
  const details = { status, awsCode, awsMessage, requestId, region, errno, attempts, keysLeft }
  const known = Object.entries(details).filter(([, value]) => value !== undefined)
  return new ShardyfusionError('SHARD_STORE', messageOf(error, failure, context), {
    retryable: transient,
    details: {
      ...(transient && { peer: 'S3TransientError' }),
      kind,
      ...Object.fromEntries(known),
    },
    cause: withoutSecrets(error, failure, context),
  })
}

/** The failure with what S3 said made safe, and sorted by what the request was. */
function failureOf(error: unknown, context: S3ErrorContext): S3Failure {
  const failure = classifyS3Failure(error)
  const { awsCode, status } = failure
  const refusesCondition =
    context.conditional === true && (awsCode === 'NotImplemented' || status === 501)
  return {
    ...failure,
    ...(refusesCondition && { kind: 'no-conditional-put' }),
    said: failure.said === undefined ? undefined : safeText(failure.said, context),
  }
}

function messageOf(error: unknown, failure: S3Failure, context: S3ErrorContext): string {
  const { attempts = 1 } = context
  const bucket = /^s3:\/\/([^/]*)/.exec(context.url)?.[1] ?? ''
  const place = placeOf(context)
  const tried = attempts > 1 ? ` after ${attempts} attempts` : ''
  const said = saidBy(error, failure, context)
  const advice = ADVICE[failure.kind]({ bucket, place, failure, context, said })
  const left = error instanceof KeysLeft ? `${error.message}; ` : ''
  return `${context.where}: ${describeUrl(context.url)} failed${tried}: ${left}${advice}`
}

function placeOf({ connection: { endpoint, region } }: S3ErrorContext): string {
  return endpoint ?? `AWS S3 in ${region}`
}

interface Said {
  readonly bucket: string
  readonly place: string
  readonly failure: S3Failure
  readonly context: S3ErrorContext
  /** Words of the server or the system, in short. */
  readonly said: string
}

const ADVICE: Readonly<Record<S3FailureKind, (s: Said) => string>> = {
  'no-bucket': ({ bucket, place }) =>
    `there is no bucket "${bucket}" at ${place}; create it, or check the prefix and s3.endpoint`,
  'access-denied': ({ place, said, context }) =>
    `${place} denied access (${said}); grant these credentials s3:ListBucket on the bucket, and s3:GetObject, ` +
    's3:PutObject and s3:DeleteObject on its objects' +
    (context.where.endsWith('.put')
      ? '; if they have them, look in the bucket policy for conditions, such as an encryption header it demands'
      : ''),
  archived: ({ place, said }) =>
    `${place} has moved the object to a storage class that cannot be read at once (${said}); restore it or rebuild ` +
    'the snapshot, and keep the lifecycle rules of the bucket from archiving this prefix',
  'bad-credentials': ({ place, said }) =>
    `${place} does not accept the credentials (${said}); check the key id, the secret and the session token, and ` +
    'that they belong to this endpoint',
  'expired-credentials': ({ said }) =>
    `the credentials have expired (${said}); renew them, or pass a function as s3.credentials`,
  'no-credentials': ({ said }) =>
    `no credentials found (${said}); pass s3.credentials, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ` +
    'configure a profile or role',
  clock: ({ place, said }) =>
    `the clock of this machine differs too much from that of ${place} (${said}); synchronise it`,
  region: ({ bucket, place, failure, said }) =>
    failure.region === undefined
      ? `the bucket "${bucket}" is in another region than ${place} (${said}); set s3.region`
      : `the bucket "${bucket}" is in ${failure.region}, not where ${place} is (${said}); set s3.region to "${failure.region}"`,
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
  throttled: ({ place, said }) => `${place} asks to slow down (${said}); lower concurrency`,
  quota: ({ place, said }) =>
    `${place} has no room left for the bucket or its owner (${said}); free space or raise the quota`,
  checksum: ({ place, said }) =>
    `the bytes that reached ${place} are not those that were sent (${said}); look for a proxy that changes requests`,
  'checksum-required': ({ place, said }) =>
    `${place} demands a checksum that these requests do not carry (${said}); buckets with Object Lock do: use a ` +
    'bucket without default retention',
  encryption: ({ place, said }) =>
    `${place} cannot encrypt or decrypt the object as asked (${said}); check the encryption of the bucket, the state ` +
    'of its key, and kms:GenerateDataKey and kms:Decrypt for these credentials',
  'no-conditional-put': ({ place, said }) =>
    `${place} has no puts with "If-None-Match: *" (${said}), which keep two writers of one shard apart; update the ` +
    'server or use another one',
  precondition: ({ place, said }) =>
    `${place} says that a condition does not hold (${said}); look in the bucket policy for writes it demands to be ` +
    'conditional',
  'too-large': ({ said }) => `the object is too large (${said})`,
  server: ({ place, said }) => `${place} has a failure of its own (${said})`,
  'not-s3': ({ place, said, context }) =>
    context.proven === true
      ? `${said} came in place of an answer of ${place}; look for a proxy or a login page in between`
      : `${place} answers, but not like S3 (${said}); check host, port and scheme of s3.endpoint`,
  other: ({ said }) => `${said}; see the cause`,
}

/** Status, code and words of the store; without a status the system's. */
function saidBy(error: unknown, failure: S3Failure, context: S3ErrorContext): string {
  const { awsCode, errno, said, status } = failure
  if (status === undefined) return errno ?? safeText(textOf(error), context)
  const facts = [`HTTP ${status}`, awsCode].filter((fact) => fact !== undefined).join(' ')
  return said === undefined || error instanceof SyntaxError
    ? facts
    : `${facts}, ${JSON.stringify(said)}`
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** One line of another program's text, without what is or may be a secret. */
function safeText(text: string, { secrets = [] }: S3ErrorContext): string {
  let line = text.split('\n', 1)[0] ?? ''
  for (const secret of secrets) line = line.replaceAll(secret, '***')
  // What servers repeat of a request: nothing else in a sentence is that long.
  line = redact(line).replace(/[\w+/=%-]{40,}/g, '…')
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

/**
 * The cause of a failed request, without anything secret.
 *
 * The client's errors carry the whole answer, and a refused signature is answered with the request that
 * was signed, session token and all.
 */
function withoutSecrets(error: unknown, failure: S3Failure, context: S3ErrorContext): unknown {
  if (!(error instanceof Error) || !('$metadata' in error || '$response' in error)) return error
  const { name, $metadata } = error as Error & { $metadata?: Record<string, unknown> }
  const { httpStatusCode, requestId, extendedRequestId } = $metadata ?? {}
  const safe = new Error(failure.said ?? safeText(error.message, context))
  // Where it was thrown, without the message, which the stack repeats in full.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  safe.stack = [`${name}: ${safe.message}`, ...frames].join('\n')
  return Object.assign(safe, { name, httpStatusCode, requestId, extendedRequestId })
}
