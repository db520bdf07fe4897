const STAR = 42
const QUESTION = 63
const OPEN = 91
const CLOSE = 93
const BACKSLASH = 92
const CARET = 94
const DASH = 45

/** One step of a pattern: any text, or one byte of a set. */
type Step = 'any' | ((byte: number) => boolean)

/** A pattern of `KEYS` and `SCAN MATCH`: `*`, `?`, `[a-z]`, `[^a]` and `\` before a special byte. */
export class Glob {
  readonly #steps: readonly Step[] = []
  /** Bytes that every match starts with. */
  readonly prefix: Uint8Array

  constructor(pattern: Uint8Array) {
    const prefix: number[] = []
    const steps: Step[] = []
    let isPlain = true
    for (let i = 0; i < pattern.length; i++) {
      const byte = pattern[i]!
      if (byte === STAR) {
        isPlain = false
        if (steps.at(-1) !== 'any') steps.push('any')
      } else if (byte === QUESTION) {
        isPlain = false
        steps.push(() => true)
      } else if (byte === OPEN) {
        isPlain = false
        const set = setAt(pattern, i + 1)
        steps.push(set.has)
        i = set.end
      } else {
        const plain = byte === BACKSLASH && i + 1 < pattern.length ? pattern[++i]! : byte
        if (isPlain) prefix.push(plain)
        steps.push((other) => other === plain)
      }
    }
    this.#steps = steps
    this.prefix = Uint8Array.from(prefix)
  }

  /** True if every key matches. */
  get matchesAll(): boolean {
    return this.#steps.length === 1 && this.#steps[0] === 'any'
  }

  /** Takes at most as many steps as the product of both lengths, whatever the pattern. */
  matches(key: Uint8Array): boolean {
    const steps = this.#steps
    let step = 0
    let at = 0
    /** Where the last `*` began, and the position up to which it reaches. */
    let star = -1
    let reach = 0
    while (at < key.length) {
      const now = steps[step]
      if (now === 'any') {
        star = step++
        reach = at
      } else if (now?.(key[at]!) === true) {
        step++
        at++
      } else if (star >= 0) {
        step = star + 1
        at = ++reach
      } else return false
    }
    while (steps[step] === 'any') step++
    return step === steps.length
  }
}

/** Reads the set that starts behind `[`; without `]`, it reaches to the end. A range may end with `]`, as in Redis. */
function setAt(pattern: Uint8Array, from: number): { has: (byte: number) => boolean; end: number } {
  let at = from
  const isNegated = pattern[at] === CARET
  if (isNegated) at++
  const members = new Uint8Array(256)
  for (; at < pattern.length && pattern[at] !== CLOSE; at++) {
    if (pattern[at] === BACKSLASH && at + 1 < pattern.length) at++
    const low = pattern[at]!
    if (pattern[at + 1] === DASH && at + 2 < pattern.length) {
      const high = pattern[at + 2]!
      members.fill(1, Math.min(low, high), Math.max(low, high) + 1)
      at += 2
    } else members[low] = 1
  }
  return { has: (byte) => (members[byte] === 1) !== isNegated, end: at }
}
