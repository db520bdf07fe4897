/** Counts requests and bytes. */
export class Traffic {
  #requests = 0
  #bytes = 0

  /** A replacement for `fetch` that counts. */
  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    this.#requests++
    this.#bytes += Number(response.headers.get('content-length') ?? 0)
    return response
  }

  total(): { readonly requests: number; readonly bytes: number } {
    return { requests: this.#requests, bytes: this.#bytes }
  }
}
