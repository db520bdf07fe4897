import { ShardyfusionError } from '../errors.js'
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
  /** The keys used last, as far as known without asking. */
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

/**
 * The source a connection uses, or `undefined` for the chain of the AWS SDK.
 *
 * Keys out of the `env` option win, then `credentials`, then variables of the process.
 */
export function credentialSource(
  option: S3Options['credentials'],
  explicit: Variables,
  ambient: Variables,
  where: string,
): CredentialSource | undefined {
  const given = fromVariables(explicit)
  if (given !== undefined) return fixedSource('environment', given)
  if (typeof option === 'function') return new FunctionSource(option, where)
  if (typeof option === 'object') return fixedSource('static', option)
  if (option === 'default') return undefined
  const found = fromVariables(ambient)
  if (found !== undefined) return fixedSource('environment', found)
  if (option === undefined) return undefined
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `${where}: s3.credentials is 'env', but S3_ACCESS_KEY_ID or AWS_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY or ` +
      'AWS_SECRET_ACCESS_KEY are not both set; set them, or pass the keys',
    { details: { peer: 'ConfigValidationError' } },
  )
}

/** Each field from `S3_…`, else `AWS_…` (wire-format §12.1). */
function fromVariables(get: Variables): S3Credentials | undefined {
  const accessKeyId = get('S3_ACCESS_KEY_ID') ?? get('AWS_ACCESS_KEY_ID')
  const secretAccessKey = get('S3_SECRET_ACCESS_KEY') ?? get('AWS_SECRET_ACCESS_KEY')
  const sessionToken = get('S3_SESSION_TOKEN') ?? get('AWS_SESSION_TOKEN')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, sessionToken }
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
      throw new ShardyfusionError('SHARD_STORE', `${where} failed; see the cause`, {
        cause,
        retryable: true,
        details: { peer: 'S3TransientError' },
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
