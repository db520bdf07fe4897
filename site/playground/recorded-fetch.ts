/** One answered request. */
export interface RecordedRequest {
  readonly method: string
  /** Below the prefix of the snapshot. */
  readonly path: string
  /** First and last byte, or `undefined` for a whole object. */
  readonly range: string | undefined
  readonly status: number
  readonly bytes: number
  readonly milliseconds: number
}

/**
 * A replacement for `fetch` that reports each request when its answer has arrived.
 *
 * @param prefix the part of addresses that is left out of reports
 */
export function recordedFetch(
  prefix: string,
  report: (request: RecordedRequest) => void,
): typeof fetch {
  return async (input, init) => {
    const startedAt = performance.now()
    const response = await fetch(input, init)
    const url = input instanceof Request ? input.url : String(input)
    const method = init?.method ?? 'GET'
    report({
      method,
      path: url.startsWith(prefix) ? url.slice(prefix.length + 1) : url,
      range: new Headers(init?.headers).get('range')?.replace('bytes=', ''),
      status: response.status,
      bytes: method === 'HEAD' ? 0 : Number(response.headers.get('content-length') ?? 0),
      milliseconds: performance.now() - startedAt,
    })
    return response
  }
}
