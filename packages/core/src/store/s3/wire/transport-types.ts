/** One request as it is sent: nothing is encoded or normalized later. */
export interface WireRequest {
  readonly method: string
  /** Scheme, host and port; its path is not used. */
  readonly origin: URL
  /** Path and query, percent-encoded. */
  readonly path: string
  /** Names in lower case; contains `host`. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
}

/** A response whose body is not read yet; header names are in lower case. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: AsyncIterable<Uint8Array>
  /** Drops the body and what is needed to receive it. */
  discard(): void
}

/** Sends requests; never retries, and bounds only the time to connect. */
export interface Transport {
  send(request: WireRequest, signal: AbortSignal): Promise<WireAnswer>
  close(): void
}

/** A request that did not reach the server, or lost its connection, for a reason that is not known. */
export class ConnectionProblem extends Error {}
Object.defineProperty(ConnectionProblem.prototype, 'name', { value: 'ConnectionProblem' })

/** A proxy that cannot be reached, or does not connect to the server. */
export class ProxyProblem extends Error {
  /** True if the same request may succeed later. */
  readonly transient: boolean

  constructor(message: string, transient: boolean) {
    super(message)
    this.transient = transient
  }
}
Object.defineProperty(ProxyProblem.prototype, 'name', { value: 'ProxyProblem' })
