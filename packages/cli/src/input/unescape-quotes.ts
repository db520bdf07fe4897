/** `replaceAll` allocates a part per match. Slices bound the number of parts that exist at once. */
const SLICE = 64 * 1024

/** The text of a quoted cell: two quotes in the source are one quote. */
export function unescapeQuotes(raw: string, quote: string): string {
  const twice = quote + quote
  if (!raw.includes(quote)) return raw
  if (raw.length <= SLICE) return raw.replaceAll(twice, quote)
  const parts: Buffer[] = []
  for (let at = 0; at < raw.length;) {
    // A slice must not split a pair of quotes or a surrogate pair.
    let end = pairEnd(raw, at, Math.min(at + SLICE, raw.length), quote)
    if (end < raw.length && isLowSurrogate(raw.charCodeAt(end))) end++
    parts.push(Buffer.from(raw.slice(at, end).replaceAll(twice, quote)))
    at = end
  }
  return Buffer.concat(parts).toString()
}

/** `end` if an even number of quotes precedes it, else the next position. */
function pairEnd(raw: string, at: number, end: number, quote: string): number {
  let start = end
  while (start > at && raw[start - 1] === quote) start--
  return (end - start) % 2 === 0 ? end : end + 1
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
