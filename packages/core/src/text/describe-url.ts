const MAX_LENGTH = 300
/** User info: before an `@` of the host or, if a password contains slashes, before the last `@`. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:)?(\/{1,2})?(?:[^/@:]+:(?!\d*(?:\/|$)).*@|[^/]*@)/is

/** Returns a URL for messages: quoted, shortened, without user info and without a query. */
export function describeUrl(url: string): string {
  const safe = safeUrl(url)
  return JSON.stringify(safe.length > MAX_LENGTH ? `${safe.slice(0, MAX_LENGTH)}…` : safe)
}

/** Returns a URL without user info and without a query, which may be secrets. */
export function safeUrl(url: string): string {
  return url.replace(USER_INFO, '$1$2***@').replace(/\?.*$/s, '?***')
}
