const QUOTE = '"'
const BACKSLASH = 92

/** The position after the string that starts at `at`; the end of the text if it has no closing quote. */
export function jsonStringEnd(text: string, at: number): number {
  for (
    let quote = text.indexOf(QUOTE, at + 1);
    quote >= 0;
    quote = text.indexOf(QUOTE, quote + 1)
  ) {
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return quote + 1
  }
  return text.length
}

/** The next position that is not JSON white space. */
export function skipJsonBlanks(text: string, at: number): number {
  let next = at
  while (isJsonBlank(text.charCodeAt(next))) next++
  return next
}

export function isJsonBlank(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9
}
