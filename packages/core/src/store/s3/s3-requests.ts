import { orAbort } from '../../async/abort.js'
import { emit } from '../../diagnostics/events.js'
import { boundedTransfer, type Transfer } from '../transfer/bounded-transfer.js'
import type { S3Connection } from './connect/s3-connection.js'
import { type S3ErrorContext, s3StoreError } from './s3-errors.js'
import { classifyS3Failure } from './s3-failure.js'
import type { S3Credentials } from './connect/s3-options.js'
import { withRetries } from './s3-retry.js'
import { S3Client, type S3Reply, type S3Request } from './wire/s3-client.js'

export interface S3CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes to send; each attempt gets more time for more bytes. */
  readonly bytes?: number | undefined
  /** By default those of the connection. */
  readonly maxAttempts?: number | undefined
  /** The request writes only if the object does not exist, which not every server supports. */
  readonly conditional?: boolean | undefined
}

/** The parameters of one attempt. */
export interface S3Attempt extends Transfer {
  readonly number: number
  /** Makes a request of this attempt. */
  send(request: S3Request): Promise<S3Reply>
}

/**
 * Makes requests over one connection: bounded, retried, abortable, and failing with the SDK's own
 * errors.
 */
export class S3Requests {
  readonly connection: S3Connection
  readonly #client: S3Client
  /** True once something at this place has answered like S3. */
  #proven = false

  constructor(connection: S3Connection) {
    this.connection = connection
    this.#client = new S3Client(connection)
  }

  /** Runs `work`, which makes one request on `url`, until it succeeds or fails for good. */
  async call<T>(
    name: string,
    url: string,
    o: S3CallOptions,
    work: (attempt: S3Attempt) => Promise<T>,
  ): Promise<T> {
    const { connection } = this
    o.signal?.throwIfAborted()
    let attempts = 0
    const trying = withRetries(
      (number) => {
        attempts = number
        return this.#attempt(number, o, work).then((result) => {
          this.#proven = true
          return result
        })
      },
      {
        maxAttempts: o.maxAttempts ?? connection.maxAttempts,
        signal: o.signal,
        canRetry: (error, attempt) => {
          const canRetry = this.#canRetry(error, attempt)
          if (canRetry) {
            const { kind } = classifyS3Failure(error)
            emit('request-retry', () => ({ operation: name, url, attempt, kind }))
          }
          return canRetry
        },
      },
    )
    // Convert here, not outside, so that the caller's own abort reason stays unchanged.
    const converted = trying.catch((error: unknown) => {
      throw this.error(error, name, url, { attempts, conditional: o.conditional })
    })
    return orAbort(converted, o.signal)
  }

  /** Returns the SDK's error for what a request on `url` threw. */
  error(
    error: unknown,
    name: string,
    url: string,
    facts: Pick<S3ErrorContext, 'attempts' | 'conditional'> = {},
  ): Error {
    const { connection } = this
    return s3StoreError(error, {
      where: `S3Store.${name}`,
      url,
      connection,
      proven: this.#proven,
      secrets: secretsOf(connection.credentials.known()),
      ...facts,
    })
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  #attempt<T>(
    number: number,
    { bytes, signal }: S3CallOptions,
    work: (attempt: S3Attempt) => Promise<T>,
  ): Promise<T> {
    const bounds = { timeoutMs: this.connection.requestTimeoutMs, sendBytes: bytes, signal }
    return boundedTransfer(bounds, (transfer) => {
      const { signal: ends, received } = transfer
      const send = (request: S3Request): Promise<S3Reply> =>
        this.#client.send(request, ends, received)
      return work({ signal: ends, received, number, send })
    })
  }

  #canRetry(error: unknown, attempt: number): boolean {
    const { kind, transient } = classifyS3Failure(error)
    // The client has learned the clock difference from the response.
    if (kind === 'clock') return attempt === 1
    if (kind === 'expired-credentials') {
      return attempt === 1 && this.connection.credentials.forget()
    }
    // Earlier responses came from S3, so something in between answered this one.
    return transient || (kind === 'not-s3' && this.#proven)
  }
}

function secretsOf(keys: S3Credentials | undefined): string[] {
  const { accessKeyId, secretAccessKey, sessionToken } = keys ?? {}
  return [accessKeyId, secretAccessKey, sessionToken].filter((key) => key !== undefined)
}
