import * as v from 'valibot'
import { ShardyfusionError } from './errors.js'

/**
 * Checks caller options against a strict schema and gives the parsed copy.
 *
 * Errors: SHARD_INVALID_OPTION with every problem: the option's path, what was expected, what came.
 */
export function parseOptions<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  where: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, input ?? {})
  if (result.success) return result.output
  const problems = result.issues.map(describeIssue)
  throw new ShardyfusionError('SHARD_INVALID_OPTION', `${where}: ${problems.join('; ')}`, {
    details: { peer: 'ConfigValidationError', problems },
  })
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return `unknown option "${path}"`
  const got = describeValue(issue.input)
  if (path === null) return `options must be an object, got ${got}`
  if (issue.input === undefined) return `${path} is required (${lowerFirst(issue.message)})`
  return `${path} ${issue.message}, got ${got}`
}

/** A short, safe rendering for messages: never a whole value, never bytes. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object')
    return `an object of type ${value.constructor?.name ?? 'null prototype'}`
  return typeof value === 'function' ? 'a function' : String(value as symbol | undefined)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** An integer of at least `min`, named with its unit: `must be an integer of 1 or more (entries)`. */
export function integer(min: number, unit: string, max = Number.MAX_SAFE_INTEGER) {
  const message =
    max === Number.MAX_SAFE_INTEGER
      ? `must be an integer of ${min} or more (${unit})`
      : `must be an integer from ${min} to ${max} (${unit})`
  return v.pipe(
    v.number(message),
    v.check((n) => Number.isSafeInteger(n) && n >= min && n <= max, message),
  )
}
