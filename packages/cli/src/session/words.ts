import { UsageError } from '../util/usage-error.js'

/**
 * A line as words, the way shells split it: blanks separate, quotes hold together, a backslash takes the next
 * character as it is. Errors: UsageError for a quote that is not closed.
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
  if (quote !== undefined) throw new UsageError(`a ${quote} is not closed`)
  if (word !== undefined) words.push(word)
  return words
}
