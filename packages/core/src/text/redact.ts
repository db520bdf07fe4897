const MAX_LENGTH = 2000

const NAMED_SECRET =
  /([\w-]*(?:secret|token|passw|pwd|credential|signature|authorization|(?:api|access|private)[_-]?key)[\w-]*["']?\s*[:=]\s*)(?:(?:bearer|basic)\s+)?("[^"]*"|'[^']*'|[^\s,;&"'}]+)/gi

/**
 * Returns a foreign message in a form that may be stored: shortened, without recognizable secrets.
 *
 * Removes user info and queries of URLs, values named like secrets (`password=…`, `"token": "…"`)
 * and the ids of AWS keys. Our own messages contain none.
 */
export function redact(text: string): string {
  const short = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
  return short
    .replace(/\/\/[^\s/"']*@/g, '//***@')
    .replace(/(:\/\/[^\s?"']*)\?[^\s"']*/g, '$1?***')
    .replace(NAMED_SECRET, '$1***')
    .replace(/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, '***')
}
