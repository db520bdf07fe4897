import * as v from 'valibot'
import { parseOptions } from '../../../options/parse-options.js'
import { integer } from '../../../options/scalars.js'

/** Keys of one identity. */
export interface S3Credentials {
  /** Id of the access key. */
  readonly accessKeyId: string
  /** The secret of the access key. */
  readonly secretAccessKey: string
  /** Token of temporary credentials. */
  readonly sessionToken?: string | undefined
  /** Time of expiration; a function that returned the keys is called again before. */
  readonly expiration?: Date | undefined
  /** Set by the providers of the AWS SDK: their names. */
  readonly $source?: unknown
}

/**
 * Returns credentials. Called at the first request, before they expire, and again for engines that
 * open later.
 */
export type S3CredentialsProvider = () => S3Credentials | Promise<S3Credentials>

/**
 * Connection to S3 or a compatible store; one object configures the SDK's own requests and the
 * engine's.
 *
 * Source: wire-format §12.1; peer `S3ConnectionOptions` and `CredentialProvider`.
 */
export interface S3Options {
  /**
   * For example `http://127.0.0.1:9000`; by default the first that is set of `SLATEDB_S3_ENDPOINT_URL`,
   * `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT`, that of the profile, else AWS itself.
   */
  endpoint?: string | undefined
  /** By default `S3_REGION`, `AWS_REGION`, `AWS_DEFAULT_REGION`, that of the profile, else `us-east-1`. */
  region?: string | undefined
  /**
   * Puts the bucket in the path or in the host name; by default as the profile says, else `'auto'`:
   * the path for an `endpoint`, the host name for AWS.
   */
  addressing?: 'path' | 'virtual' | 'auto' | undefined
  /** False accepts any certificate, which makes TLS worthless against an attacker; true by default. */
  verifyTls?: boolean | undefined
  /** PEM file of certificate authorities to trust in addition to the usual ones. */
  caFile?: string | undefined
  /** Bound on making a connection, in milliseconds; 5,000 by default. */
  connectTimeoutMs?: number | undefined
  /**
   * Bound on one attempt at a request, in milliseconds, plus one second for each MiB transferred;
   * 15,000 by default.
   */
  requestTimeoutMs?: number | undefined
  /** Attempts at one request, including the first; 6 by default. */
  maxAttempts?: number | undefined
  /**
   * Fixed keys, a function, `'env'` (`S3_…` and then `AWS_…` variables), `'default'` (variables,
   * profiles, and the chain of `@aws-sdk/credential-providers`), or `'none'` (unsigned requests to a
   * public bucket).
   *
   * By default `'env'` if those variables are set, else `'default'`.
   */
  credentials?: S3Credentials | S3CredentialsProvider | 'env' | 'default' | 'none' | undefined
  /**
   * Profile of the AWS configuration files, for keys, region and endpoint; not together with keys
   * in `credentials`.
   */
  profile?: string | undefined
  /**
   * Encrypts stored objects on the server, with its own keys (`'AES256'`) or those of KMS; by
   * default as the bucket is configured.
   */
  serverSideEncryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse' | undefined
  /** Id or ARN of the KMS key; by default that of the bucket or account. */
  kmsKeyId?: string | undefined
  /** Pays for the requests of a bucket whose owner does not; false by default. */
  requesterPays?: boolean | undefined
  /**
   * Sends the MD5 of each object with it: `'auto'` (default) after a bucket has demanded it, as with
   * Object Lock; `'md5'` always.
   */
  checksum?: 'auto' | 'md5' | undefined
  /**
   * URL of an HTTP proxy, `http(s)://[user:password@]host[:port]`; `false` for none. By default
   * `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. Node only.
   */
  proxy?: string | false | undefined
}

const text = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'))
/** Files with secrets often end with a line break, which no header can carry. */
const key = v.pipe(
  v.string('must be text'),
  v.trim(),
  v.regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without blanks, and not empty'),
)

const credentialsSchema = v.strictObject(
  {
    accessKeyId: key,
    secretAccessKey: v.pipe(v.string('must be text'), v.trim(), v.nonEmpty('must not be empty')),
    sessionToken: v.optional(key),
    expiration: v.optional(v.date('must be a Date')),
    // Fields that the AWS credential providers add; their results can be passed unchanged.
    accountId: v.optional(v.unknown()),
    credentialScope: v.optional(v.unknown()),
    $source: v.optional(v.unknown()),
  },
  'must be { accessKeyId, secretAccessKey, sessionToken }',
)

const WORDS = new Set<unknown>(['env', 'default', 'none'])

const s3Fields = v.strictObject(
  {
    endpoint: v.optional(
      v.pipe(
        v.string('must be a URL'),
        v.check(isEndpoint, 'must be http(s)://host[:port], without user, query and fragment'),
      ),
    ),
    region: v.optional(text),
    addressing: v.optional(
      v.picklist(['path', 'virtual', 'auto'], 'must be path, virtual or auto'),
    ),
    verifyTls: v.optional(v.boolean('must be true or false'), true),
    caFile: v.optional(v.string('must be the path of a PEM file')),
    connectTimeoutMs: v.optional(integer(1, 'milliseconds')),
    requestTimeoutMs: v.optional(integer(1, 'milliseconds')),
    maxAttempts: v.optional(integer(1, 'attempts'), 6),
    // Selects by type, so that messages are about the form the caller meant.
    credentials: v.optional(
      v.lazy((input): v.GenericSchema<NonNullable<S3Options['credentials']>> => {
        if (typeof input === 'object' && input !== null) return credentialsSchema
        return v.custom(
          (value) => typeof value === 'function' || WORDS.has(value),
          "must be 'env', 'default', 'none', a function or { accessKeyId, secretAccessKey, sessionToken }",
        )
      }),
    ),
    profile: v.optional(text),
    serverSideEncryption: v.optional(
      v.picklist(['AES256', 'aws:kms', 'aws:kms:dsse'], 'must be AES256, aws:kms or aws:kms:dsse'),
    ),
    kmsKeyId: v.optional(key),
    requesterPays: v.optional(v.boolean('must be true or false'), false),
    checksum: v.optional(v.picklist(['auto', 'md5'], 'must be auto or md5'), 'auto'),
    // Checked where it is parsed: it may contain a password.
    proxy: v.optional(
      v.custom<string | false>(
        (value) => typeof value === 'string' || value === false,
        'must be a URL or false',
      ),
    ),
  },
  'must be an object',
)

const s3Schema = v.pipe(
  s3Fields,
  v.check(
    ({ credentials = 'default', profile }) => profile === undefined || credentials === 'default',
    'must have credentials or a profile, not both',
  ),
  v.check(
    ({ kmsKeyId, serverSideEncryption = '' }) =>
      kmsKeyId === undefined || serverSideEncryption.startsWith('aws:kms'),
    "must have serverSideEncryption 'aws:kms' or 'aws:kms:dsse' with a kmsKeyId",
  ),
)

export type ParsedS3Options = v.InferOutput<typeof s3Schema>

/** Errors: SHARD_INVALID_OPTION, which never shows a value of `credentials`. */
export function parseS3Options(options: S3Options | undefined, where: string): ParsedS3Options {
  return parseOptions(v.strictObject({ s3: s3Schema }), { s3: options ?? {} }, where).s3
}

/** Parses the result of a credentials function. Errors: SHARD_INVALID_OPTION, without values. */
export function parseS3Credentials(given: unknown, where: string): S3Credentials {
  const schema = v.strictObject({ s3: v.strictObject({ credentials: credentialsSchema }) })
  return parseOptions(schema, { s3: { credentials: given } }, where).s3.credentials
}

export function isEndpoint(endpoint: string): boolean {
  if (!/^https?:\/\/[^/?#@]+(?:\/[^?#@]*)?$/.test(endpoint)) return false
  return URL.canParse(endpoint)
}
