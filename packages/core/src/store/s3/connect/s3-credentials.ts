import {
  KEY_VARIABLES,
  PROCESS_ONLY_VARIABLES,
  PROFILE_VARIABLE,
} from '../../environment/storage-variables.js'
import { invalidOption, storeError } from '../../../errors/error-factories.js'
import { parseS3Credentials, type S3Credentials, type S3Options } from './s3-options.js'

/** Looks a variable up; empty ones count as unset. */
export type Variables = (name: string) => string | undefined

/** Where keys come from; the chain of the AWS SDK is no source of ours but the client's own. */
export interface CredentialSource {
  /** For messages: `static`, `function`, `environment`. */
  readonly kind: string
  /** Keys good for a request now. */
  get(): Promise<S3Credentials>
  /** Keys to be used for long: asked for anew unless they are known to last. */
  fresh(): Promise<S3Credentials>
  /** The keys used last, if there are any yet. */
  known(): S3Credentials | undefined
  /** Forgets what it holds, after storage called it expired; false if asking again would change nothing. */
  forget(): boolean
}

/** Asked again this long before keys end, so that none end on the way. */
const MARGIN_MS = 60_000
/** What an engine that opens should have at least. */
const LASTING_MS = 15 * 60_000
/** Age up to which keys that tell no end count as new: shards often open many at a time. */
const NEW_MS = 60_000

/** Who signs: keys, or the chain of the AWS SDK with the profile it is to use. */
export interface Identity {
  /** `undefined` for the chain of the AWS SDK. */
  readonly credentials: CredentialSource | undefined
  /** The profile that `env` or `s3` names; `undefined` leaves it to the process. */
  readonly profile: string | undefined
}

/**
 * The identity a connection uses: of `env` and `envFile`, else of `s3`, else of the process, and at each of these keys
 * before a profile.
 *
 * A source that is chosen is used whole; one below is never asked for what it lacks. Errors: SHARD_INVALID_OPTION.
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

/** Each field from `S3_…`, else `AWS_…` (wire-format §12.1). */
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

/** Sources that can only be had from the process must not be passed over in silence. */
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

/** Keys of the caller's function, kept as long as they say they last. */
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
    // Without an end they are taken to last until storage says otherwise.
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
    // One question for all who wait: such functions often call a service that counts.
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
    this.#held = parseS3Credentials(given, `${where} gave something else than credentials`)
    this.#heldSince = Date.now()
    this.#last = this.#held
    return this.#held
  }
}

/**
 * True when an engine finds the keys of the chain by itself, and then renews them while it is open: those of
 * an EC2 instance, a container or a web identity. Keys it is handed end with their session.
 */
export function engineRenews(
  identity: {
    readonly expiration?: Date | undefined
    /** Codes by which the AWS SDK says where keys came from. */
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
    // The engine asks at a full URI only with a token file (EKS pod identity).
    return (
      variables('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') !== undefined ||
      variables('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') !== undefined
    )
  }
  // Instance metadata is the one source of keys with an end that goes unmarked.
  if (codes.length === 0) return identity.expiration !== undefined
  return codes.includes('CREDENTIALS_IMDS')
}
