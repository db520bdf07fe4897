import { jsonStringEnd } from './json-string-end.js'

const OPENING = ['{', '['] as const
const MARK = /["{}[\]]/g

/** Whether a text is nested more than `max` levels deep. Short texts need no scan. */
export function nestsDeeper(text: string, max: number): boolean {
  if (text.length <= 2 * max || !hasMoreOpenings(text, max)) return false
  let depth = 0
  MARK.lastIndex = 0
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    if (mark[0] === '"') MARK.lastIndex = jsonStringEnd(text, mark.index)
    else depth += mark[0] === '{' || mark[0] === '[' ? 1 : -1
    if (depth > max) return true
  }
  return false
}

function hasMoreOpenings(text: string, max: number): boolean {
  let count = 0
  for (const opening of OPENING)
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1))
      if (++count > max) return true
  return false
}
