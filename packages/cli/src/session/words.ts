import { UsageError } from '../util/usage-error.js'

/**
 * Splits a line into words like a shell: white space separates words, quotes group them, a backslash escapes the next
 * character. Errors: UsageError for an unclosed quote.
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!
    if (quote !== undefined) {
      if (character === quote) quote = undefined
      else if (character === '\\' && quote === '"' && /["\\]/.test(line[i + 1] ?? ''))
        word += line[++i]!
      else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === '\\' && i + 1 < line.length) word = (word ?? '') + line[++i]!
    else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (quote !== undefined)
    throw new UsageError(`the line must close every quote, got an open ${quote}`)
  if (word !== undefined) words.push(word)
  return words
}
