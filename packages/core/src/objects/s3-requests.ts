import type { S3Client } from '@aws-sdk/client-s3'
import { orAbort } from '../util/abort.js'
import { tell } from '../util/events.js'
import { type Attempt, boundedAttempt } from './s3-attempt.js'
import { type ConnectedClient, createS3Client } from './s3-client.js'
import type { S3Connection } from './s3-connection.js'
import { s3StoreError } from './s3-errors.js'
import { classifyS3Failure } from './s3-failure.js'
import { withRetries } from './s3-retry.js'

/** The slowest transfer that is still waited for. */
const BYTES_PER_SECOND = 1024 * 1024

export interface S3CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes to be sent, for which an attempt gets more time. */
  readonly bytes?: number | undefined
  /** By default those of the connection. */
  readonly maxAttempts?: number | undefined
}

/** What one attempt works with. */
export interface S3Attempt extends Attempt {
  readonly client: S3Client
  /** For the client's `send`. */
  readonly options: { readonly abortSignal: AbortSignal }
  /** Gives the attempt the time that so many more bytes may take. */
  allowBytes(bytes: number): void
}

/** Requests over one connection: bounded, retried, abortable, and failing with the SDK's own errors. */
export class S3Requests {
  readonly connection: S3Connection
  #connecting: Promise<ConnectedClient> | undefined
  #region: string | undefined

  constructor(connection: S3Connection) {
    this.connection = connection
  }

  /** The client; made at the first call, since the region may have to be read from a file. */
  async connected(): Promise<ConnectedClient> {
    this.#connecting ??= createS3Client(this.connection)
    const connected = await this.#connecting
    this.#region = connected.region
    return connected
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
        return this.#attempt(number, o, work)
      },
      {
        maxAttempts: o.maxAttempts ?? connection.maxAttempts,
        signal: o.signal,
        canRetry: (error, attempt) => {
          const canRetry = this.#canRetry(error, attempt)
          if (canRetry) {
            const { kind } = classifyS3Failure(error)
            tell('request-retry', () => ({ operation: name, url, attempt, kind }))
          }
          return canRetry
        },
      },
    )
    // Converted here and not outside, so that the caller's own abort reason stays as it is.
    const converted = trying.catch((error: unknown) => {
      throw this.error(error, name, url, attempts)
    })
    return orAbort(converted, o.signal)
  }

  /** The SDK's error for what a request on `url` threw. */
  error(error: unknown, name: string, url: string, attempts?: number): Error {
    const where = `S3Store.${name}`
    const { connection } = this
    return s3StoreError(error, { where, url, connection, region: this.#region, attempts })
  }

  async close(): Promise<void> {
    const connected = await this.#connecting?.catch(() => undefined)
    connected?.client.destroy()
  }

  #attempt<T>(
    number: number,
    { bytes = 0, signal }: S3CallOptions,
    work: (attempt: S3Attempt) => Promise<T>,
  ): Promise<T> {
    const timeFor = (more: number): number =>
      this.connection.requestTimeoutMs + Math.ceil((more / BYTES_PER_SECOND) * 1000)
    return boundedAttempt(number, timeFor(bytes), signal, async (attempt) => {
      const { client } = await this.connected()
      return work({
        ...attempt,
        client,
        options: { abortSignal: attempt.signal },
        allowBytes: (more) => attempt.extend(timeFor(more)),
      })
    })
  }

  #canRetry(error: unknown, attempt: number): boolean {
    const { kind, transient } = classifyS3Failure(error)
    // The client has learned the difference of the clocks from the answer.
    if (kind === 'clock') return attempt === 1
    if (kind === 'expired-credentials') {
      return attempt === 1 && this.connection.credentials?.forget() === true
    }
    return transient
  }
}
