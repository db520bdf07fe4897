import type * as Library from 're2js'
import type { Budget } from './budget.js'
import { CelFailure, CelLimitError } from '../cel-failure.js'
import { isError } from '../../../errors/is-error.js'

const MAX_PATTERN_LENGTH = 10_000
/** Steps per instruction of a compiled pattern, and instructions times characters per step. */
const STEPS_PER_INSTRUCTION = 64
const WORK_PER_STEP = 8

/**
 * Implements `matches()`: RE2's patterns, found anywhere in the text, in linear time.
 *
 * Source: re2js, a port of RE2, which the reference uses. It lacks only `\C`, a single byte.
 */
export class Patterns {
  readonly #library: typeof Library
  // Most expressions have one literal pattern; a pattern from a column changes with every row.
  #source: string | undefined
  #pattern: Library.RE2JS | CelFailure | undefined

  private constructor(library: typeof Library) {
    this.#library = library
  }

  /** Loads the library. */
  static async open(): Promise<Patterns> {
    return new Patterns(await import('re2js'))
  }

  /** Returns one that caches a different pattern. */
  fork(): Patterns {
    return new Patterns(this.#library)
  }

  /** Errors: CelFailure for an invalid pattern. */
  matches(text: string, source: string, budget: Budget): boolean {
    if (source !== this.#source) {
      this.#pattern = this.#compile(source, budget)
      this.#source = source
    }
    const pattern = this.#pattern!
    if (pattern instanceof CelFailure) throw pattern
    budget.steps(Math.ceil((text.length * pattern.programSize()) / WORK_PER_STEP))
    return pattern.test(text)
  }

  #compile(source: string, budget: Budget): Library.RE2JS | CelFailure {
    if (source.length > MAX_PATTERN_LENGTH) {
      throw new CelLimitError(
        `a pattern may have ${MAX_PATTERN_LENGTH} characters, got ${source.length}`,
      )
    }
    budget.steps(source.length * STEPS_PER_INSTRUCTION)
    try {
      const pattern = this.#library.RE2JS.compile(source)
      budget.steps(pattern.programSize() * STEPS_PER_INSTRUCTION)
      return pattern
    } catch (error) {
      if (error instanceof CelLimitError) throw error
      return new CelFailure(
        `invalid regular expression: ${isError(error) ? error.message : String(error)}`,
      )
    }
  }
}
