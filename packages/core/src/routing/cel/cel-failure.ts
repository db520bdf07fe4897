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

/** An evaluation that used up its budget; nothing ignores this error. */
export class CelLimitError extends Error {}

/** Makes CEL's error for operands of the wrong types, which only `dyn` lets through the checker. */
export function noOverload(name: string): CelFailure {
  return new CelFailure(`no matching overload of ${name} for these values`)
}
