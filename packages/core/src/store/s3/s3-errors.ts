import { isShardyfusionError, ShardyfusionError } from '../../errors.js'
import { isError } from '../../errors/is-error.js'
import { describeUrl } from '../../text/describe-url.js'
import { PLATFORM_ADVICE } from '#node/store/s3/wire/transport'
import { redact } from '../../text/redact.js'
import type { S3Connection } from './connect/s3-connection.js'
import {
  AnswerError,
  classifyS3Failure,
  KeysLeft,
  type S3Failure,
  type S3FailureKind,
} from './s3-failure.js'

/** The failed request, for the message. */
export interface S3ErrorContext {
  /** For example `S3Store.get`. */
  readonly where: string
  readonly url: string
  readonly connection: S3Connection
  readonly attempts?: number | undefined
  /** True for a put with `If-None-Match`. */
  readonly conditional?: boolean | undefined
  /**
   * True if the same place has answered like S3 before, so that this answer came from something in
   * between.
   */
  readonly proven?: boolean | undefined
  /** Values that must not be shown. */
  readonly secrets?: readonly string[] | undefined
}

/** Returns the SDK's error for a failed request; returns our own errors unchanged. */
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

/** Returns the failure with S3's message made safe, classified by the kind of request. */
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
  const left = error instanceof KeysLeft ? `${error.summary}; ` : ''
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
  /** A short text of the server or the system. */
  readonly said: string
}

const ADVICE: Readonly<Record<S3FailureKind, (s: Said) => string>> = {
  'no-bucket': ({ bucket, place }) =>
    `there is no bucket "${bucket}" at ${place}; create it, or check the prefix and s3.endpoint`,
  'access-denied': ({ place, said, context }) =>
    context.connection.credentials.kind === 'none'
      ? `${place} denied access (${said}) to a request without credentials; give credentials to s3, or allow ` +
        'everyone to list and read this prefix'
      : `${place} denied access (${said}); grant these credentials s3:ListBucket on the bucket, and s3:GetObject, ` +
        's3:PutObject and s3:DeleteObject on its objects' +
        (context.where.endsWith('.put')
          ? '; if they have them, check the bucket policy for conditions, such as a required encryption header ' +
            '(s3.encryption)'
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
    "configure a profile or role; public buckets need s3.credentials: 'none'",
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
  network: ({ place, said }) => `the connection to ${place} broke (${said})${PLATFORM_ADVICE}`,
  throttled: ({ place, said }) => `${place} asks to slow down (${said}); lower concurrency`,
  quota: ({ place, said }) =>
    `${place} has no room left for the bucket or its owner (${said}); free space or raise the quota`,
  checksum: ({ place, said }) =>
    `the bytes that reached ${place} are not those that were sent (${said}); check for a proxy that changes requests`,
  'checksum-required': ({ place, said }) =>
    `${place} demands a checksum, and does not accept the MD5 of these requests (${said}); buckets with Object Lock ` +
    'do: use a bucket without default retention',
  encryption: ({ place, said }) =>
    `${place} cannot encrypt or decrypt the object as asked (${said}); check the encryption of the bucket, the state ` +
    'of its key, and kms:GenerateDataKey and kms:Decrypt for these credentials',
  'no-conditional-put': ({ place, said }) =>
    `${place} does not support puts with "If-None-Match: *" (${said}), which separate two writers of one shard; update the ` +
    'server or use another one',
  precondition: ({ place, said }) =>
    `${place} says that a condition does not hold (${said}); look in the bucket policy for writes it demands to be ` +
    'conditional',
  'too-large': ({ said }) => `the object is too large (${said})`,
  server: ({ place, said }) => `${place} failed internally (${said})`,
  'not-s3': ({ place, said, context }) =>
    context.proven === true
      ? `${said} arrived instead of an answer of ${place}; check for a proxy or a login page in between${PLATFORM_ADVICE}`
      : `${place} answers, but not like S3 (${said}); check host, port and scheme of s3.endpoint${PLATFORM_ADVICE}`,
  proxy: ({ place, said }) =>
    `no connection to ${place}: ${said}; check s3.proxy and the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY`,
  other: ({ said }) => `${said}; see the cause`,
}

/** Returns status, code and message of the store; without a status, those of the system. */
function saidBy(error: unknown, failure: S3Failure, context: S3ErrorContext): string {
  const { awsCode, errno, said, status } = failure
  if (status === undefined) return errno ?? safeText(textOf(error), context)
  const facts = [`HTTP ${status}`, awsCode].filter((fact) => fact !== undefined).join(' ')
  return said === undefined ? facts : `${facts}, ${JSON.stringify(said)}`
}

function textOf(error: unknown): string {
  return isError(error) ? error.message : String(error)
}

/** Returns one line of another program's text, without secrets and possible secrets. */
function safeText(text: string, { secrets = [] }: S3ErrorContext): string {
  let line = text.split('\n', 1)[0] ?? ''
  for (const secret of secrets) line = line.replaceAll(secret, '***')
  // Servers may repeat parts of the request: nothing else in a sentence is that long.
  line = redact(line).replace(/[\w+/=%-]{40,}/g, '…')
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

/**
 * Returns the cause of a failed request without secrets: a server may repeat in its message what
 * was sent.
 */
function withoutSecrets(error: unknown, failure: S3Failure, context: S3ErrorContext): unknown {
  if (!(error instanceof AnswerError)) return error
  const { status: httpStatusCode, requestId, extendedRequestId } = error
  const name = failure.awsCode ?? error.name
  const safe = new Error(failure.said ?? safeText(error.message, context))
  // Take the stack frames only: the stack begins with the full message.
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  safe.stack = [`${name}: ${safe.message}`, ...frames].join('\n')
  return Object.assign(safe, { name, httpStatusCode, requestId, extendedRequestId })
}
