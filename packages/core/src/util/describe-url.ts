const MAX_LENGTH = 300

/** A URL as messages may show it: quoted, cut short, without user info and without a query. */
export function describeUrl(url: string): string {
  const safe = url.replace(/\/\/[^/]*@/, '//***@').replace(/\?.*$/s, '?***')
  return JSON.stringify(safe.length > MAX_LENGTH ? `${safe.slice(0, MAX_LENGTH)}…` : safe)
}
