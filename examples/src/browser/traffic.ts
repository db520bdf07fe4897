/** Counts what is fetched. */
export class Traffic {
  #requests = 0
  #bytes = 0

  /** In place of `fetch`. */
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
