import { invalidOption } from '../../errors/error-factories.js'
import { describeValue } from '../../options/describe-value.js'
import {
  CelFailure,
  CelFatalError,
  CelSyntaxError,
  MissingMember,
  NO_OVERLOAD,
} from './cel-failure.js'
import type { Frame, Run } from './compile.js'
import { compileProgram } from './program.js'
import { Budget } from './run/budget.js'
import { CelMap, type Value } from './run/values.js'

/** A CEL expression over values of any type that is true or false, such as a filter of search results. */
export class CelFilter {
  readonly #run: Run
  readonly #names: readonly string[]
  readonly #where: string

  private constructor(run: Run, names: readonly string[], where: string) {
    this.#run = run
    this.#names = names
    this.#where = where
  }

  /** Errors: SHARD_INVALID_OPTION with the position of the problem. */
  static async compile(
    source: string,
    names: readonly string[],
    where: string,
  ): Promise<CelFilter> {
    try {
      const run = await compileProgram(
        source,
        names.map((name) => [name, 'dyn']),
      )
      return new CelFilter(run, names, where)
    } catch (error) {
      if (!(error instanceof CelSyntaxError)) throw error
      throw invalidOption(
        where,
        `where does not compile at character ${error.at + 1}: ${error.message}; it is a CEL expression over ` +
          names.join(' and '),
        { cause: error },
      )
    }
  }

  /**
   * Evaluates the expression; a member that does not exist makes it false.
   *
   * Errors: SHARD_INVALID_OPTION if it fails otherwise, or gives another type.
   */
  holds(values: Readonly<Record<string, unknown>>): boolean {
    const converted: (Value | undefined)[] = []
    const frame: Frame = {
      budget: new Budget(),
      variables: [],
      column: (index) => (converted[index] ??= celValue(values[this.#names[index]!])),
    }
    frame.budget.reset()
    let result: Value
    try {
      result = this.#run(frame)
    } catch (error) {
      if (error instanceof MissingMember) return false
      if (!(error instanceof CelFailure || error instanceof CelFatalError)) throw error
      const advice = error.message.startsWith(NO_OVERLOAD)
        ? '; if a member may be null, test it first, as in payload.price != null && payload.price < 5'
        : ''
      throw invalidOption(
        this.#where,
        `where failed for the vector ${describeValue(values['id'])}: ${error.message}${advice}`,
        { cause: error },
      )
    }
    if (typeof result === 'boolean') return result
    throw invalidOption(
      this.#where,
      `where must be true or false, got ${describeValue(result)} for the vector ${describeValue(values['id'])}`,
    )
  }
}

/** Converts JSON data: whole numbers become int. */
function celValue(value: unknown): Value {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : Number(value)
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null) return null
  const map = new CelMap()
  for (const [name, member] of Object.entries(value)) map.add(name, celValue(member))
  return map
}
