import { BodyProblem } from '../transfer/read-body.js'
import { ConnectionProblem, ProxyProblem } from './wire/transport-types.js'

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
  | 'proxy'
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

/** The facts of a response with an error. */
export interface AnswerFacts {
  readonly status: number
  /** The error code of S3, such as `NoSuchBucket`. */
  readonly awsCode?: string | undefined
  /** The message that S3 sent with the code. */
  readonly said?: string | undefined
  /** The region of the bucket, according to the response. */
  readonly region?: string | undefined
  readonly requestId?: string | undefined
  readonly extendedRequestId?: string | undefined
  /** The time of the server. */
  readonly date?: string | undefined
  /** True if the body is not a document of S3. */
  readonly isForeign?: boolean | undefined
}

/** A response with an error. It has neither the request nor the document, which may contain secrets. */
export class AnswerError extends Error implements AnswerFacts {
  readonly status: number
  readonly awsCode: string | undefined
  readonly said: string | undefined
  readonly region: string | undefined
  readonly requestId: string | undefined
  readonly extendedRequestId: string | undefined
  readonly date: string | undefined
  readonly isForeign: boolean

  constructor(facts: AnswerFacts) {
    super(facts.said ?? facts.awsCode ?? `HTTP ${facts.status}`)
    this.status = facts.status
    this.awsCode = facts.awsCode
    this.said = facts.said === facts.awsCode ? undefined : facts.said
    this.region = facts.region
    this.requestId = facts.requestId
    this.extendedRequestId = facts.extendedRequestId
    this.date = facts.date
    this.isForeign = facts.isForeign === true
  }
}
Object.defineProperty(AnswerError.prototype, 'name', { value: 'AnswerError' })

/** A key that a batch of deletes left, with the reason. */
export interface DeleteError {
  readonly key: string
  readonly code: string
  readonly message: string | undefined
}

/** Keys that a batch of deletes left, classified by the reason of the first. */
export class KeysLeft extends AnswerError {
  readonly keysLeft: number
  /** A sentence that names the first key. */
  readonly summary: string

  constructor(left: readonly DeleteError[], asked: number) {
    const { key = '', code, message } = left[0] ?? {}
    super({ status: 200, awsCode: code, said: message })
    this.keysLeft = left.length
    this.summary = `${left.length} of ${asked} objects were left, the first ${JSON.stringify(key)}`
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
  ConnectionProblem: 'network',
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

/** Classifies a failed request by the advice that may help. */
export function classifyS3Failure(error: unknown): S3Failure {
  if (error instanceof AnswerError) {
    const { status, awsCode, said, region, requestId } = error
    const kind = kindOf(error, { status, codes: [awsCode], region, awsCode, said })
    return { kind, transient: TRANSIENT.has(kind), status, awsCode, said, requestId, region }
  }
  if (error instanceof ProxyProblem) return { kind: 'proxy', transient: error.transient }
  const { name, code, cause } = (error ?? {}) as Record<'name' | 'code' | 'cause', unknown>
  // `fetch` has the code in the cause.
  const inner = error instanceof ConnectionProblem ? (cause as { code?: unknown } | null) : null
  const errno = text(code) ?? text(inner?.code)
  const codes = [errno, text(name)]
  const kind = kindOf(error, { codes })
  return { kind, transient: TRANSIENT.has(kind), errno }
}

interface Facts {
  readonly codes: readonly (string | undefined)[]
  readonly status?: number | undefined
  readonly region?: string | undefined
  readonly awsCode?: string | undefined
  readonly said?: string | undefined
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
  if (error instanceof KeysLeft) return 'other'
  return status < 300 || (error as AnswerError).isForeign ? 'not-s3' : 'other'
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
