import { formatCount } from '../output/units.js'
import { skipJsonBlanks } from './json-string-end.js'

const OBJECT = 1
const ARRAY = 2
const LITERALS = ['true', 'false', 'null']
const NUMBER_MARKS = '.eE+-'

/** The reason why a text is not JSON, and the position. */
export interface JsonProblem {
  readonly reason: string
  /** Position in the text, from 0. */
  readonly at: number
}

/**
 * Validates a text against RFC 8259 without building its value. Returns `undefined` for valid JSON.
 *
 * `JSON.parse` needs up to 50 times the memory of the text. This function needs one byte per nesting level.
 */
export function jsonProblem(text: string, maxNesting: number): JsonProblem | undefined {
  const open = new Uint8Array(maxNesting + 1)
  let depth = 0
  let at = skipJsonBlanks(text, 0)
  for (;;) {
    // A value starts at `at`.
    const first = text[at]
    if (first === '{' || first === '[') {
      if (depth === maxNesting)
        return {
          reason: `it is nested more than ${formatCount(maxNesting)} levels deep`,
          at,
        }
      depth++
      open[depth] = first === '{' ? OBJECT : ARRAY
      at = skipJsonBlanks(text, at + 1)
      if (text[at] !== (first === '{' ? '}' : ']')) {
        if (first === '[') continue
        const colon = afterName(text, at)
        if (typeof colon !== 'number') return colon
        at = colon
        continue
      }
      depth--
      at++
    } else {
      const end = scalarEnd(text, at)
      if (typeof end !== 'number') return end
      at = end
    }
    // A value ends before `at`.
    for (;;) {
      at = skipJsonBlanks(text, at)
      if (depth === 0) return at === text.length ? undefined : unexpected(text, at)
      const mark = text[at]
      if (mark !== (open[depth] === OBJECT ? '}' : ']')) break
      depth--
      at++
    }
    if (text[at] !== ',') return unexpected(text, at)
    at = skipJsonBlanks(text, at + 1)
    if (open[depth] === OBJECT) {
      const colon = afterName(text, at)
      if (typeof colon !== 'number') return colon
      at = colon
    }
  }
}

/** The position of the value after `"name":`. */
function afterName(text: string, at: number): number | JsonProblem {
  if (text[at] !== '"') return unexpected(text, at)
  const end = stringEnd(text, at)
  if (typeof end !== 'number') return end
  const colon = skipJsonBlanks(text, end)
  return text[colon] === ':' ? skipJsonBlanks(text, colon + 1) : unexpected(text, colon)
}

function scalarEnd(text: string, at: number): number | JsonProblem {
  if (text[at] === '"') return stringEnd(text, at)
  const literal = LITERALS.find((word) => text.startsWith(word, at))
  if (literal !== undefined) return at + literal.length
  let end = at
  while (isDigit(text, end) || (end < text.length && NUMBER_MARKS.includes(text[end]!))) end++
  return isJsonNumber(text.slice(at, end)) ? end : unexpected(text, at)
}

function stringEnd(text: string, start: number): number | JsonProblem {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 34) return at + 1
    if (code < 32) return { reason: 'a string contains a control character', at }
    if (code !== 92) continue
    at++
    if ('"\\/bfnrt'.includes(text[at] ?? ' ')) continue
    if (text[at] !== 'u' || !isHex4(text, at + 1)) return unexpected(text, at)
    at += 4
  }
  return { reason: 'a string has no closing quote', at: start }
}

/** Whether a text of any length is a JSON number. */
export function isJsonNumber(text: string): boolean {
  let at = text[0] === '-' ? 1 : 0
  if (text[at] === '0') at++
  else {
    const end = digitsEnd(text, at)
    if (end === at) return false
    at = end
  }
  if (text[at] === '.') {
    const end = digitsEnd(text, at + 1)
    if (end === at + 1) return false
    at = end
  }
  if (text[at] === 'e' || text[at] === 'E') {
    const from = text[at + 1] === '+' || text[at + 1] === '-' ? at + 2 : at + 1
    const end = digitsEnd(text, from)
    if (end === from) return false
    at = end
  }
  return at === text.length
}

function digitsEnd(text: string, at: number): number {
  let end = at
  while (isDigit(text, end)) end++
  return end
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

function isHex4(text: string, at: number): boolean {
  return /^[0-9a-f]{4}$/i.test(text.slice(at, at + 4))
}

function unexpected(text: string, at: number): JsonProblem {
  const reason = at >= text.length ? 'it is incomplete' : `unexpected ${JSON.stringify(text[at])}`
  return { reason, at }
}
