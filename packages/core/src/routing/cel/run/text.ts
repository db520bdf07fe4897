import type { Budget } from './budget.js'

/** Up to here, the runtime's own search, which is quadratic at worst, is fast enough. */
const MAX_PLAIN_WORK = 2 ** 20

/** Returns the characters of a well-formed text, as code points. */
export function codePoints(text: string, budget: Budget): bigint {
  budget.read(text.length * 4)
  let pairs = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit < 0xdc00) pairs++
  }
  return BigInt(text.length - pairs)
}

/**
 * Returns true if `text` contains `part`, in time that grows with the sum of their lengths and not
 * with the product.
 */
export function includesText(text: string, part: string, budget: Budget): boolean {
  if (part.length > text.length) return false
  budget.read((text.length + part.length) * 8)
  if (text.length * part.length <= MAX_PLAIN_WORK) return text.includes(part)
  const borders = bordersOf(part)
  let matched = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1]!
    if (part.charCodeAt(matched) === unit) matched++
    if (matched === part.length) return true
  }
  return false
}

/**
 * For each prefix of `part`, the length of its longest suffix that is also a prefix (Knuth, Morris
 * and Pratt).
 */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length)
  let matched = 0
  for (let i = 1; i < part.length; i++) {
    const unit = part.charCodeAt(i)
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1]!
    if (part.charCodeAt(matched) === unit) matched++
    borders[i] = matched
  }
  return borders
}
