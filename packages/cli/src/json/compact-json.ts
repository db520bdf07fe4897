import { isJsonBlank, jsonStringEnd, skipJsonBlanks } from './json-string-end.js'

/** Removes line ends and white space between the tokens of valid JSON, and changes nothing else. */
export function compactJson(json: string): string {
  if (!json.includes('\n') && !json.includes('\r')) return json
  const parts: string[] = []
  let start = skipJsonBlanks(json, 0)
  let at = start
  while (at < json.length) {
    const code = json.charCodeAt(at)
    if (code === 34) at = jsonStringEnd(json, at)
    else if (isJsonBlank(code)) {
      parts.push(json.slice(start, at))
      start = skipJsonBlanks(json, at)
      at = start
    } else at++
  }
  parts.push(json.slice(start))
  return parts.join('')
}
