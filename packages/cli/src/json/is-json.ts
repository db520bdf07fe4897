import { jsonProblem } from './json-problem.js'

/** Longer texts, in UTF-16 code units, are validated without building their value. */
export const LARGE_JSON = 1024 * 1024

/** Deeper than `build` accepts, because other writers may have written the value. */
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
