import { isJsonBlank, jsonStringEnd, skipJsonBlanks } from '../json/json-string-end.js'

const NEXT_MARK = /["{}[\]]/g

/**
 * The source text of a field of a JSON object, which keeps every digit.
 *
 * Shape: `json` must be a valid object. If a name occurs twice, the last field counts, as with `JSON.parse`.
 */
export function jsonField(json: string, name: string): string | undefined {
  let found: string | undefined
  for (const field of fieldsOf(json))
    if (isName(json.slice(field.at, field.nameEnd), name))
      found = json.slice(field.start, field.end)
  return found
}

/** The object without a field; the text of all others stays as it is. */
export function withoutJsonField(json: string, name: string): string {
  let kept = ''
  for (const { at, nameEnd, end } of fieldsOf(json)) {
    if (isName(json.slice(at, nameEnd), name)) continue
    kept += `${kept === '' ? '' : ','}${json.slice(at, end)}`
  }
  return `{${kept}}`
}

/** The first names of a JSON object, at most `count` of them. */
export function jsonFieldNames(json: string, count: number): string[] {
  const names: string[] = []
  for (const { at, nameEnd } of fieldsOf(json)) {
    if (names.length === count) break
    names.push(JSON.parse(json.slice(at, nameEnd)) as string)
  }
  return names
}

interface Field {
  readonly at: number
  readonly nameEnd: number
  readonly start: number
  readonly end: number
}

function* fieldsOf(json: string): Generator<Field> {
  let at = skipJsonBlanks(json, json.indexOf('{') + 1)
  while (json[at] === '"') {
    const nameEnd = jsonStringEnd(json, at)
    // Skip the colon.
    const start = skipJsonBlanks(json, skipJsonBlanks(json, nameEnd) + 1)
    const end = valueEnd(json, start)
    yield { at, nameEnd, start, end }
    at = skipJsonBlanks(json, end)
    if (json[at] !== ',') break
    at = skipJsonBlanks(json, at + 1)
  }
}

function isName(quoted: string, name: string): boolean {
  if (quoted.includes('\\')) return JSON.parse(quoted) === name
  return quoted.length === name.length + 2 && quoted.startsWith(name, 1)
}

function valueEnd(json: string, start: number): number {
  const first = json[start]
  if (first === '"') return jsonStringEnd(json, start)
  if (first !== '{' && first !== '[') return scalarEnd(json, start)
  let depth = 0
  let at = start
  for (;;) {
    NEXT_MARK.lastIndex = at
    const mark = NEXT_MARK.exec(json)
    if (mark === null) return json.length
    if (mark[0] === '"') {
      at = jsonStringEnd(json, mark.index)
      continue
    }
    depth += mark[0] === '{' || mark[0] === '[' ? 1 : -1
    at = mark.index + 1
    if (depth === 0) return at
  }
}

function scalarEnd(json: string, start: number): number {
  let end = start
  while (end < json.length && !',]}'.includes(json[end]!) && !isJsonBlank(json.charCodeAt(end)))
    end++
  return end
}
