import { orAbort } from '../../../async/abort.js'
import { boundedTransfer } from '../../transfer/bounded-transfer.js'
import { listPage } from '../s3-list.js'
import type { S3Requests } from '../s3-requests.js'

/** Enough to survive one lost request, few enough to fail within seconds. */
const MAX_ATTEMPTS = 3
const DEFAULT_TIMEOUT_MS = 10_000

export interface PreflightOptions {
  readonly signal?: AbortSignal | undefined
  /** Bound on the whole check, in milliseconds; 10,000 by default and at most. */
  readonly timeoutMs?: number | undefined
}

/**
 * Checks whether storage can be reached before an engine tries to.
 *
 * An engine silently retries a wrong endpoint, a missing bucket or missing credentials until it
 * reaches its timeout. One listing of at most one key, the least an engine does itself, shows the
 * problem.
 */
export class S3Preflight {
  readonly #requests: S3Requests
  readonly #checks = new Map<string, Promise<void>>()

  constructor(requests: S3Requests) {
    this.#requests = requests
  }

  /** Checks the prefix `url` once; URLs below a checked prefix count as checked. */
  check(
    url: string,
    place: { bucket: string; key: string },
    options: PreflightOptions,
  ): Promise<void> {
    for (const [checked, check] of this.#checks) {
      if (url === checked || url.startsWith(`${checked}/`)) return orAbort(check, options.signal)
    }
    // Without the signal of this caller: other callers may wait for the same answer.
    const check = this.#ask(url, place, Math.min(options.timeoutMs ?? Infinity, DEFAULT_TIMEOUT_MS))
    this.#checks.set(url, check)
    check.catch(() => this.#checks.delete(url))
    return orAbort(check, options.signal)
  }

  async #ask(
    url: string,
    place: { bucket: string; key: string },
    timeoutMs: number,
  ): Promise<void> {
    try {
      await boundedTransfer({ timeoutMs }, ({ signal }) =>
        listPage(
          this.#requests,
          'preflight',
          url,
          { ...place, maxKeys: 1 },
          { signal, maxAttempts: MAX_ATTEMPTS },
        ),
      )
    } catch (error) {
      throw this.#requests.error(error, 'preflight', url)
    }
  }
}
