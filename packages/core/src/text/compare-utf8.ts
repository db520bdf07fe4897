/**
 * Compares two well-formed strings by their UTF-8 bytes, which is by code point.
 *
 * `<` compares UTF-16 code units and puts U+1F600 (a surrogate pair) before U+FFEE.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Ranks surrogates above all other code units, where their characters belong. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
