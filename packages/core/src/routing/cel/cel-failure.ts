/**
 * An expression that the compiler refuses; `at` is the position in the source, in UTF-16 units from
 * 0.
 */
export class CelSyntaxError extends Error {
  readonly at: number

  constructor(at: number, problem: string) {
    super(problem)
    this.at = at
  }
}

/** A run-time error of CEL: `||` and `&&` ignore it if their other side decides. */
export class CelFailure extends Error {}

/** A member of a map that does not exist. */
export class MissingMember extends CelFailure {}

/** A run-time error that ends the evaluation; nothing ignores it. */
export class CelFatalError extends Error {}

/** An evaluation that used up its budget. */
export class CelLimitError extends CelFatalError {}

/** Start of the messages of `noOverload`. */
export const NO_OVERLOAD = 'no matching overload'

/** Makes CEL's error for operands of the wrong types, which only `dyn` lets through the checker. */
export function noOverload(name: string): CelFailure {
  return new CelFailure(`${NO_OVERLOAD} of ${name} for these values`)
}
