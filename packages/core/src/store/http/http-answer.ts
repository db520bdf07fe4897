import { describeUrl } from '../../text/describe-url.js'
import { RedirectProblem } from './http-error.js'

const MAX_REDIRECTS = 5
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Fetches a URL and follows redirects within its origin; to other origins only with `anyOrigin`.
 *
 * Errors: RedirectProblem; those of `fetch`.
 */
export async function fetchWithin(
  fetchOne: typeof fetch,
  url: string,
  init: RequestInit,
  anyOrigin: boolean,
): Promise<Response> {
  const { origin } = new URL(url)
  if (anyOrigin) return fetchOne(url, init)
  let at = url
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetchOne(at, { ...init, redirect: 'manual' })
    // Browsers hide the target of a redirect; they follow it under the rules of CORS and reveal it
    // afterwards.
    if (response.type === 'opaqueredirect') {
      return requireOrigin(await fetchOne(at, { ...init, redirect: 'follow' }), origin)
    }
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null
    if (location === null) return requireOrigin(response, origin)
    await response.body?.cancel()
    if (!URL.canParse(location, at))
      throw new RedirectProblem('redirects to a Location that is not a URL')
    const next = new URL(location, at)
    if (next.origin !== origin) throw elsewhere(next.href)
    at = next.href
  }
  throw new RedirectProblem(`redirects more than ${MAX_REDIRECTS} times`)
}

/** A caller's `fetch` may have followed redirects itself. */
async function requireOrigin(response: Response, origin: string): Promise<Response> {
  if (response.url === '' || new URL(response.url).origin === origin) return response
  await response.body?.cancel()
  throw elsewhere(response.url)
}

function elsewhere(url: string): RedirectProblem {
  return new RedirectProblem(
    `redirects to another origin, ${describeUrl(new URL(url).origin)}; open that one, or set followCrossOrigin`,
  )
}

/**
 * Returns the length of the body as it will be read; `undefined` if it is unknown or that of a
 * compressed body.
 */
export function announcedLength({ headers }: Response): number | undefined {
  const length = headers.get('content-length')
  const encoding = headers.get('content-encoding') ?? 'identity'
  return length === null || !/^\d+$/.test(length) || encoding !== 'identity'
    ? undefined
    : Number(length)
}
