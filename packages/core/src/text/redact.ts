const MAX_LENGTH = 2000

const NAMED_SECRET =
  /([\w-]*(?:secret|token|passw|pwd|credential|signature|authorization|(?:api|access|private)[_-]?key)[\w-]*["']?\s*[:=]\s*)(?:(?:bearer|basic)\s+)?("[^"]*"|'[^']*'|[^\s,;&"'}]+)/gi

/**
 * A message of somebody else's code as it may be stored: cut short, without what can be told to be a secret.
 *
 * Left out are user info and queries of URLs, values named like secrets (`password=…`, `"token": "…"`) and the
 * ids of AWS keys. Our own messages hold none in the first place.
 */
export function redact(text: string): string {
  const short = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
  return short
    .replace(/\/\/[^\s/"']*@/g, '//***@')
    .replace(/(:\/\/[^\s?"']*)\?[^\s"']*/g, '$1?***')
    .replace(NAMED_SECRET, '$1***')
    .replace(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, '***')
}
