const STRING = /"(?:[^"\\]|\\.)*"/y
const BLANKS = /[ \t\n\r]*/y
const SCALAR = /[^\s,\]}]+/y
const NEXT_MARK = /["{}[\]]/g

/**
 * The text of a field of a JSON object as it stands in the source, so that no digit of it is lost.
 *
 * Shape: `json` must be valid and an object; of fields of the same name the last counts, as for `JSON.parse`.
 */
export function jsonField(json: string, name: string): string | undefined {
  let found: string | undefined
  let at = skipBlanks(json, json.indexOf('{') + 1)
  while (json[at] === '"') {
    const nameEnd = matchEnd(STRING, json, at)
    const fieldName = json.slice(at, nameEnd)
    // Past the colon.
    const start = skipBlanks(json, skipBlanks(json, nameEnd) + 1)
    const end = valueEnd(json, start)
    if (isName(fieldName, name)) found = json.slice(start, end)
    at = skipBlanks(json, end)
    if (json[at] !== ',') break
    at = skipBlanks(json, at + 1)
  }
  return found
}

function isName(quoted: string, name: string): boolean {
  if (quoted.includes('\\')) return JSON.parse(quoted) === name
  return quoted.length === name.length + 2 && quoted.startsWith(name, 1)
}

function valueEnd(json: string, start: number): number {
  const first = json[start]
  if (first === '"') return matchEnd(STRING, json, start)
  if (first !== '{' && first !== '[') return matchEnd(SCALAR, json, start)
  let depth = 0
  let at = start
  for (;;) {
    NEXT_MARK.lastIndex = at
    const mark = NEXT_MARK.exec(json)
    if (mark === null) return json.length
    if (mark[0] === '"') {
      at = matchEnd(STRING, json, mark.index)
      continue
    }
    depth += mark[0] === '{' || mark[0] === '[' ? 1 : -1
    at = mark.index + 1
    if (depth === 0) return at
  }
}

function skipBlanks(json: string, at: number): number {
  return matchEnd(BLANKS, json, at)
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex === 0 ? at : pattern.lastIndex
}
