import { storeError } from '../../../errors/error-factories.js'
import { parseS3Credentials, type S3Credentials } from './s3-options.js'

/** Looks up a variable; empty ones count as unset. */
export type Variables = (name: string) => string | undefined

/** Provides keys. */
export interface CredentialSource {
  /** `none` signs no requests. */
  readonly kind: 'static' | 'function' | 'environment' | 'profile' | 'chain' | 'none'
  /** Returns keys that are valid for a request now; `undefined` to send it unsigned. */
  get(): Promise<S3Credentials | undefined>
  /**
   * Returns keys for long use, fetched again unless they are known to last; `undefined` if an
   * engine finds its own.
   */
  fresh(): Promise<S3Credentials | undefined>
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

export const NO_CREDENTIALS: CredentialSource = {
  kind: 'none',
  get: () => Promise.resolve(undefined),
  fresh: () => Promise.resolve(undefined),
  known: () => undefined,
  forget: () => false,
}

export function fixedSource(
  kind: 'static' | 'environment',
  credentials: S3Credentials,
): CredentialSource {
  const get = (): Promise<S3Credentials> => Promise.resolve(credentials)
  return { kind, get, fresh: get, known: () => credentials, forget: () => false }
}

interface AskedSourceOptions {
  readonly kind: 'function' | 'profile' | 'chain'
  /** Returns keys, or what claims to be. */
  readonly ask: () => unknown
  readonly where: string
  /** True if an engine finds these keys and renews them. */
  readonly engineRenews?: ((keys: S3Credentials) => boolean) | undefined
}

/** Caches the keys of a function until they expire. */
export class AskedSource implements CredentialSource {
  readonly kind: 'function' | 'profile' | 'chain'
  readonly #o: AskedSourceOptions
  #held: S3Credentials | undefined
  #heldSince = 0
  #last: S3Credentials | undefined
  #asking: Promise<S3Credentials> | undefined

  constructor(options: AskedSourceOptions) {
    this.kind = options.kind
    this.#o = options
  }

  async get(): Promise<S3Credentials> {
    const held = this.#held
    // Keys without an expiration count as valid until storage reports otherwise.
    const lasts = held?.expiration === undefined || this.#lasts(held, MARGIN_MS)
    return held !== undefined && lasts ? held : this.#askOnce()
  }

  async fresh(): Promise<S3Credentials | undefined> {
    const held = this.#held
    const isNew = held?.expiration === undefined && Date.now() - this.#heldSince < NEW_MS
    const lasts = held !== undefined && (isNew || this.#lasts(held, LASTING_MS))
    const keys = lasts ? held : await this.#askOnce()
    return this.#o.engineRenews?.(keys) === true ? undefined : keys
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
    const { kind, where } = this.#o
    let given: unknown
    try {
      given = await this.#o.ask()
    } catch (cause) {
      // The others explain themselves.
      if (kind !== 'function') throw cause
      throw storeError(where, 'the function s3.credentials failed; see the cause', {
        peer: 'S3TransientError',
        retryable: true,
        cause,
      })
    }
    const asked = kind === 'function' ? 'the function s3.credentials' : `the ${kind} of credentials`
    this.#held = parseS3Credentials(given, `${where}: ${asked} must return credentials`)
    this.#heldSince = Date.now()
    this.#last = this.#held
    return this.#held
  }
}

/** The keys a profile or a chain should have found, but did not. */
export class CredentialsProblem extends Error {}
// The name that providers of the AWS SDK give to their errors.
Object.defineProperty(CredentialsProblem.prototype, 'name', { value: 'CredentialsProviderError' })
