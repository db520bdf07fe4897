import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresClient, PostgresPool } from './pool.js'
import { isTransient, postgresError } from './postgres-error.js'

/** Work in one connection; `attempt` counts from 1. */
export type Work<T> = (client: PostgresClient, attempt: number) => Promise<T>

const FIRST_DELAY_MS = 50

/** Runs statements in connections of a pool, retries transient failures, and obeys signals. */
export class Connection {
  readonly #pool: PostgresPool
  readonly #attempts: number
  readonly #timeoutMs: number | undefined
  /** Clients whose `error` events have a listener; the pool hands them out again. */
  readonly #guarded = new WeakSet<PostgresClient>()

  /** `timeoutMs` is the limit of a connection, for messages. */
  constructor(pool: PostgresPool, attempts: number, timeoutMs?: number) {
    this.#pool = pool
    this.#attempts = attempts
    this.#timeoutMs = timeoutMs
  }

  /**
   * Runs `work` in one connection, again in another one after a transient failure.
   *
   * Errors: SHARD_STORE; the signal's own reason. Then the connection is closed, and the server rolls
   * back its transaction.
   */
  async run<T>(where: string, signal: AbortSignal | undefined, work: Work<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(signal, (client) => work(client, attempt))
      } catch (error) {
        signal?.throwIfAborted()
        if (!isTransient(error) || attempt >= this.#attempts)
          throw postgresError(where, error, { attempts: attempt, timeoutMs: this.#timeoutMs })
      }
      // Full jitter: publishers that failed together do not return together.
      const ms = Math.random() * FIRST_DELAY_MS * 2 ** attempt
      await delay(ms, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }

  /** Runs `work` in one transaction. */
  transaction<T>(where: string, signal: AbortSignal | undefined, work: Work<T>): Promise<T> {
    return this.run(where, signal, async (client, attempt) => {
      await client.query('BEGIN')
      const result = await work(client, attempt)
      await client.query('COMMIT')
      return result
    })
  }

  async #once<T>(
    signal: AbortSignal | undefined,
    work: (client: PostgresClient) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted()
    const connecting = this.#pool.connect()
    const client = await untilAborted(connecting, signal, () => {
      connecting.then(
        (late) => late.release(),
        () => {},
      )
    })
    // A connection that ends between two queries reports it as an event; the next query fails as well.
    if (!this.#guarded.has(client)) {
      this.#guarded.add(client)
      client.on?.('error', ignore)
    }
    let isSound = false
    try {
      const result = await untilAborted(work(client), signal)
      isSound = true
      return result
    } finally {
      client.release(!isSound)
    }
  }
}

function ignore(): void {}

/** Rejects with the signal's reason as soon as it is aborted, and leaves the work to end. */
async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  abandoned?: () => void,
): Promise<T> {
  if (signal === undefined) return work
  work.catch(ignore)
  let onAbort = ignore
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      abandoned?.()
      reject(signal.reason as Error)
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
