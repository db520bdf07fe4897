/** The part of a `Request` class that the check needs. */
type RequestClass = new (url: string, init: RequestInit) => unknown

let known: RequestInit | undefined

/**
 * Options of `fetch` for an object that may be replaced: a browser must ask the server again.
 *
 * Cloudflare's `fetch` refuses cache modes with a TypeError, depending on the compatibility date; it
 * caches nothing that a mode would have to bypass.
 */
export function revalidation(request?: RequestClass): RequestInit {
  if (request !== undefined) return supported(request)
  known ??= supported(globalThis.Request)
  return known
}

function supported(request: RequestClass): RequestInit {
  const init = { cache: 'no-cache' } as RequestInit
  try {
    void new request('https://example.com', init)
    return init
  } catch {
    return {}
  }
}
