import {
  KEY_VARIABLES,
  PROCESS_ONLY_VARIABLES,
  PROFILE_VARIABLE,
} from '../../environment/storage-variables.js'
import { invalidOption, storeError } from '../../../errors/error-factories.js'
import { parseS3Credentials, type S3Credentials, type S3Options } from './s3-options.js'

/** Looks up a variable; empty ones count as unset. */
export type Variables = (name: string) => string | undefined

/**
 * Provides keys. The credential chain of the AWS SDK is not such a source; it belongs to the
 * client.
 */
export interface CredentialSource {
  /** For messages: `static`, `function`, `environment`. */
  readonly kind: string
  /** Returns keys that are valid for a request now. */
  get(): Promise<S3Credentials>
  /** Returns keys for long use: fetched again unless they are known to last. */
  fresh(): Promise<S3Credentials>
  /** Returns the keys used last, if there are any yet. */
  known(): S3Credentials | undefined
  /**
   * Drops the cached keys after storage reported them expired; returns false if fetching again
   * would change nothing.
   */
  forget(): boolean
}

/** Keys are renewed this long before they expire, so that none expire during a request. */
const MARGIN_MS = 60_000
/** Minimum remaining lifetime of the keys for an engine that opens. */
const LASTING_MS = 15 * 60_000
/** Keys without an expiration count as new up to this age: many shards often open at once. */
const NEW_MS = 60_000

/**
 * The signing identity: keys, or the credential chain of the AWS SDK with the profile it is to use.
 */
export interface Identity {
  /** `undefined` for the credential chain of the AWS SDK. */
  readonly credentials: CredentialSource | undefined
  /** The profile that `env` or `s3` names; `undefined` leaves it to the process. */
  readonly profile: string | undefined
}

/**
 * Returns the identity of a connection: from `env` and `envFile`, else from `s3`, else from the
 * process; at each of these, keys come before a profile.
 *
 * The chosen source is used as a whole; a lower one never fills its gaps. Errors:
 * SHARD_INVALID_OPTION.
 */
export function resolveIdentity(
  { credentials: option, profile }: Pick<S3Options, 'credentials' | 'profile'>,
  explicit: Variables,
  ambient: Variables,
  where: string,
): Identity {
  const given = keysOf(explicit)
  if (given !== undefined) return keys(fixedSource('environment', given))
  refuseHalfKeys(explicit, where)
  const named = explicit(PROFILE_VARIABLE)
  if (named !== undefined) return { credentials: undefined, profile: named }
  refuseProcessOnly(explicit, ambient, where)
  if (typeof option === 'function') return keys(new FunctionSource(option, where))
  if (typeof option === 'object') return keys(fixedSource('static', option))
  if (profile !== undefined || option === 'default') return { credentials: undefined, profile }
  const found = keysOf(ambient)
  if (found !== undefined) return keys(fixedSource('environment', found))
  if (option === undefined) return { credentials: undefined, profile: undefined }
  throw invalidOption(
    where,
    "s3.credentials is 'env', but S3_ACCESS_KEY_ID or AWS_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY or " +
      'AWS_SECRET_ACCESS_KEY are not both set; set them, or pass the keys',
  )
}

function keys(credentials: CredentialSource): Identity {
  return { credentials, profile: undefined }
}

/** Takes each field from `S3_…`, else `AWS_…` (wire-format §12.1). */
function keysOf(get: Variables): S3Credentials | undefined {
  const first = (names: readonly string[]): string | undefined =>
    names.map(get).find((value) => value !== undefined)
  const accessKeyId = first(KEY_VARIABLES.accessKeyId)
  const secretAccessKey = first(KEY_VARIABLES.secretAccessKey)
  const sessionToken = first(KEY_VARIABLES.sessionToken)
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, sessionToken }
}

function refuseHalfKeys(explicit: Variables, where: string): void {
  const { accessKeyId, secretAccessKey } = KEY_VARIABLES
  const there = [...accessKeyId, ...secretAccessKey].find((name) => explicit(name) !== undefined)
  if (there === undefined) return
  throw invalidOption(
    where,
    `env and envFile must set an access key id and its secret, got ${there} alone; add the other, or leave both out`,
  )
}

/** Refuses sources that work only in the process, instead of ignoring them silently. */
function refuseProcessOnly(explicit: Variables, ambient: Variables, where: string): void {
  for (const name of PROCESS_ONLY_VARIABLES) {
    const value = explicit(name)
    if (value === undefined || value === ambient(name)) continue
    throw invalidOption(
      where,
      `${name} works in the environment of the process alone, got it in env or envFile; set it there, or pass a ` +
        'function as s3.credentials',
    )
  }
}

function fixedSource(kind: string, credentials: S3Credentials): CredentialSource {
  const get = (): Promise<S3Credentials> => Promise.resolve(credentials)
  return { kind, get, fresh: get, known: () => credentials, forget: () => false }
}

/** Caches the keys of the caller's function until they expire. */
class FunctionSource implements CredentialSource {
  readonly kind = 'function'
  readonly #ask: () => unknown
  readonly #where: string
  #held: S3Credentials | undefined
  #heldSince = 0
  #last: S3Credentials | undefined
  #asking: Promise<S3Credentials> | undefined

  constructor(ask: () => unknown, where: string) {
    this.#ask = ask
    this.#where = where
  }

  async get(): Promise<S3Credentials> {
    const held = this.#held
    // Keys without an expiration count as valid until storage reports otherwise.
    const lasts = held?.expiration === undefined || this.#lasts(held, MARGIN_MS)
    return held !== undefined && lasts ? held : this.#askOnce()
  }

  async fresh(): Promise<S3Credentials> {
    const held = this.#held
    const isNew = held?.expiration === undefined && Date.now() - this.#heldSince < NEW_MS
    return held !== undefined && (isNew || this.#lasts(held, LASTING_MS)) ? held : this.#askOnce()
  }

  known(): S3Credentials | undefined {
    return this.#last
  }

  forget(): boolean {
    this.#held = undefined
    return true
  }

  #lasts({ expiration }: S3Credentials, ms: number): boolean {
    return expiration !== undefined && expiration.getTime() - Date.now() > ms
  }

  #askOnce(): Promise<S3Credentials> {
    // All waiting callers share one call: such functions often call a rate-limited service.
    this.#asking ??= this.#askNow().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #askNow(): Promise<S3Credentials> {
    const where = `${this.#where}: the function s3.credentials`
    let given: unknown
    try {
      given = await this.#ask()
    } catch (cause) {
      throw storeError(this.#where, 'the function s3.credentials failed; see the cause', {
        peer: 'S3TransientError',
        retryable: true,
        cause,
      })
    }
    this.#held = parseS3Credentials(given, `${where} must return credentials`)
    this.#heldSince = Date.now()
    this.#last = this.#held
    return this.#held
  }
}

/**
 * Returns true if an engine finds the keys of the chain itself and renews them while it is open:
 * those of an EC2 instance, a container or a web identity. Keys passed to it expire with their
 * session.
 */
export function engineRenews(
  identity: {
    readonly expiration?: Date | undefined
    /** Codes by which the AWS SDK reports the source of keys. */
    readonly $source?: Readonly<Record<string, string>> | undefined
  },
  variables: Variables,
): boolean {
  const codes = Object.keys(identity.$source ?? {}).filter((code) =>
    code.startsWith('CREDENTIALS_'),
  )
  if (codes.some((code) => code.startsWith('CREDENTIALS_PROFILE'))) return false
  if (codes.includes('CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN')) return true
  if (codes.includes('CREDENTIALS_HTTP')) {
    // The engine uses a full URI only with a token file (EKS pod identity).
    return (
      variables('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') !== undefined ||
      variables('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') !== undefined
    )
  }
  // Instance metadata is the only source of expiring keys without a code.
  if (codes.length === 0) return identity.expiration !== undefined
  return codes.includes('CREDENTIALS_IMDS')
}
