import { jsonProblem } from './json-problem.js'

/** Longer texts are checked without building what they describe. */
export const LARGE_JSON = 1024 * 1024

/** Deeper than any text that comes in; values of other writers may be. */
const ANY_NESTING = 100_000

export function isJson(text: string): boolean {
  if (text.length > LARGE_JSON) return jsonProblem(text, ANY_NESTING) === undefined
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
