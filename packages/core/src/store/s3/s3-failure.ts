import { BodyProblem } from '../transfer/read-body.js'
import { isErrorNamed } from '../../errors/is-error.js'

/** Reasons of a failed request that need different advice. */
export type S3FailureKind =
  | 'no-bucket'
  | 'access-denied'
  | 'archived'
  | 'bad-credentials'
  | 'expired-credentials'
  | 'no-credentials'
  | 'clock'
  | 'region'
  | 'unknown-host'
  | 'refused'
  | 'tls'
  | 'timeout'
  | 'network'
  | 'throttled'
  | 'quota'
  | 'checksum'
  | 'checksum-required'
  | 'encryption'
  | 'no-conditional-put'
  | 'precondition'
  | 'too-large'
  | 'server'
  | 'not-s3'
  | 'other'

/** One failed request: plain facts, none of them secret. */
export interface S3Failure {
  readonly kind: S3FailureKind
  /** True if the same request may succeed a moment later. */
  readonly transient: boolean
  readonly status?: number | undefined
  /** The error code of S3, such as `NoSuchBucket`. */
  readonly awsCode?: string | undefined
  /** The message that S3 sent with the code. It may name keys and must be redacted. */
  readonly said?: string | undefined
  readonly requestId?: string | undefined
  /** The region of the bucket, according to the response. */
  readonly region?: string | undefined
  /** The code of a failed system call, such as `ECONNREFUSED`. */
  readonly errno?: string | undefined
}

/** A response that cannot come from S3. */
export class BadAnswer extends Error {}
Object.defineProperty(BadAnswer.prototype, 'name', { value: 'BadAnswer' })

/** Names that the client makes up for errors without a code. */
const MADE_UP = /^(?:Unknown|UnknownError|\d+)$/

/** Keys that a batch of deletes left, classified by the reason of the first. */
export class KeysLeft extends Error {
  readonly Code: string
  /** The message about the first key. */
  readonly said: string | undefined
  readonly keysLeft: number
  readonly $metadata = { httpStatusCode: 200 }

  constructor(
    left: readonly {
      Key?: string | undefined
      Code?: string | undefined
      Message?: string | undefined
    }[],
    asked: number,
  ) {
    const { Key = '', Code = 'UnknownError', Message } = left[0] ?? {}
    super(`${left.length} of ${asked} objects were left, the first ${JSON.stringify(Key)}`)
    this.Code = Code
    this.said = Message
    this.keysLeft = left.length
  }
}
Object.defineProperty(KeysLeft.prototype, 'name', { value: 'KeysLeft' })

const BY_CODE: Readonly<Record<string, S3FailureKind>> = {
  NoSuchBucket: 'no-bucket',
  AccessDenied: 'access-denied',
  Forbidden: 'access-denied',
  AllAccessDisabled: 'access-denied',
  AccountProblem: 'access-denied',
  AccessDeniedException: 'access-denied',
  NotSignedUp: 'access-denied',
  UnauthorizedAccess: 'access-denied',
  InvalidObjectState: 'archived',
  QuotaExceeded: 'quota',
  StorageQuotaExceeded: 'quota',
  InsufficientStorage: 'quota',
  XMinioStorageFull: 'quota',
  XMinioAdminBucketQuotaExceeded: 'quota',
  InvalidAccessKeyId: 'bad-credentials',
  SignatureDoesNotMatch: 'bad-credentials',
  InvalidToken: 'bad-credentials',
  ExpiredToken: 'expired-credentials',
  ExpiredTokenException: 'expired-credentials',
  TokenRefreshRequired: 'expired-credentials',
  CredentialsProviderError: 'no-credentials',
  RequestTimeTooSkewed: 'clock',
  RequestExpired: 'clock',
  PermanentRedirect: 'region',
  TemporaryRedirect: 'region',
  Redirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  SlowDown: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  // Another write of the same object was in progress.
  ConditionalRequestConflict: 'server',
  OperationAborted: 'server',
  InternalError: 'server',
  ServiceUnavailable: 'server',
  RequestTimeout: 'timeout',
  TimeoutError: 'timeout',
  TransferTimeout: 'timeout',
  IncompleteBody: 'network',
  BadDigest: 'checksum',
  XAmzContentSHA256Mismatch: 'checksum',
  XAmzContentChecksumMismatch: 'checksum',
  MissingContentMD5: 'checksum-required',
  InvalidDigest: 'checksum-required',
  InvalidEncryptionAlgorithmError: 'encryption',
  PreconditionFailed: 'precondition',
  EntityTooLarge: 'too-large',
  ENOTFOUND: 'unknown-host',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EPROTO: 'tls',
  CERT_HAS_EXPIRED: 'tls',
  CERT_NOT_YET_VALID: 'tls',
  CERT_UNTRUSTED: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  HOSTNAME_MISMATCH: 'tls',
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
}

const NETWORK = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
])

const TRANSIENT: ReadonlySet<S3FailureKind> = new Set([
  'checksum',
  'network',
  'refused',
  'server',
  'throttled',
  'timeout',
])

/** The fields of errors from the SDK's client, Node's sockets and this store. */
interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly Code?: unknown
  readonly Region?: unknown
  readonly message?: unknown
  readonly said?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response?: {
    readonly statusCode?: number
    readonly headers?: Readonly<Record<string, string>>
  }
}

/** Classifies a failed request by the advice that may help. */
export function classifyS3Failure(error: unknown): S3Failure {
  const thrown = (error ?? {}) as Thrown
  const { $metadata, $response } = thrown
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  const requestId = $metadata?.requestId
  const region = text(thrown.Region) ?? $response?.headers?.['x-amz-bucket-region']
  const errno = text(thrown.code)
  const awsCode = status === undefined ? undefined : codeOf(thrown)
  const said = status === undefined ? undefined : saidOf(thrown, awsCode)
  const codes = [awsCode, text(thrown.name), errno]
  const kind = kindOf(error, { status, codes, region, awsCode, said })
  return { kind, transient: TRANSIENT.has(kind), status, awsCode, said, requestId, region, errno }
}

/**
 * Returns the code from S3. Responses without a body have none; the client then makes one of the
 * status.
 */
function codeOf(thrown: Thrown): string | undefined {
  const code = text(thrown.Code) ?? text(thrown.name)
  return code === undefined || MADE_UP.test(code) ? undefined : code
}

function saidOf({ said, message }: Thrown, awsCode: string | undefined): string | undefined {
  const found = text(said) ?? text(message)
  return found === undefined || MADE_UP.test(found) || found === awsCode ? undefined : found
}

interface Facts {
  readonly status: number | undefined
  readonly codes: readonly (string | undefined)[]
  readonly region: string | undefined
  readonly awsCode: string | undefined
  readonly said: string | undefined
}

function kindOf(error: unknown, facts: Facts): S3FailureKind {
  if (error instanceof BadAnswer) return 'not-s3'
  if (error instanceof BodyProblem) return error.kind
  for (const code of facts.codes) {
    const kind = code === undefined ? undefined : BY_CODE[code]
    if (kind !== undefined) return kind
    if (code !== undefined && NETWORK.has(code)) return 'network'
    if (code?.startsWith('ERR_TLS_') || code?.startsWith('ERR_SSL_')) return 'tls'
    if (code?.startsWith('HPE_')) return 'not-s3'
    if (code?.startsWith('KMS')) return 'encryption'
  }
  // One code has many causes; the message decides.
  if (facts.status === 400 && /\bMD5\b|checksum/i.test(facts.said ?? '')) return 'checksum-required'
  if (facts.status === 400 && /encrypt/i.test(facts.said ?? '')) return 'encryption'
  return kindOfStatus(error, facts)
}

// Responses to HEAD, and those of proxies, have no code.
function kindOfStatus(error: unknown, { status, region, awsCode }: Facts): S3FailureKind {
  if (status === undefined) return 'other'
  if (status === 429) return 'throttled'
  if (status === 408) return 'timeout'
  if (status === 507) return 'quota'
  if (status >= 500 && status !== 501 && status !== 505) return 'server'
  if ((status >= 300 && status < 400) || (status === 400 && region !== undefined)) {
    return region === undefined ? 'not-s3' : 'region'
  }
  if (status === 412) return 'precondition'
  // A code that is not about access is more precise than the status.
  if ((status === 401 || status === 403) && awsCode === undefined) return 'access-denied'
  return isErrorNamed(error, 'SyntaxError') || (status < 300 && !(error instanceof KeysLeft))
    ? 'not-s3'
    : 'other'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
