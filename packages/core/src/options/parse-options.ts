import * as v from 'valibot'
import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from './describe-value.js'
import { unknownOption } from './unknown-option.js'

/**
 * Checks the caller's options against a strict schema and returns the parsed copy.
 *
 * Errors: SHARD_INVALID_OPTION with every problem: the option's path, the expected and the actual value.
 */
export function parseOptions<S extends v.GenericSchema>(
  schema: S,
  input: unknown,
  where: string,
): v.InferOutput<S> {
  // An array would pass as an object without any options.
  const result = v.safeParse(schema, input ?? {})
  if (result.success && !Array.isArray(input)) return result.output
  const problems = result.success
    ? [`options must be an object, got ${describeValue(input)}`]
    : result.issues.map((issue) => describeIssue(issue, schema))
  throw invalidOption(where, problems.join('; '), { details: { problems } })
}

/** Options whose values may be credentials, which no message may show. */
const SECRET_PATH = /^s3$|^(?:env|s3\.credentials|s3\.endpoint)(?:\.|$)/

function describeIssue(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const path = v.getDotPath(issue)
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return unknownOption(String(path), namesAround(issue, schema))
  if (issue.type === 'strict_object' && path !== null && issue.input === undefined) {
    return `${path} is required`
  }
  const got = SECRET_PATH.test(path ?? '') ? describeType(issue.input) : describeValue(issue.input)
  if (path === null && issue.type === 'check') return `options ${issue.message}`
  if (path === null) return `options must be an object, got ${got}`
  if (issue.input === undefined) return `${path} is required (${lowerFirst(issue.message)})`
  return `${path} ${issue.message}, got ${got}`
}

/** The names that the object around an unknown option takes; none if they depend on its other options. */
function namesAround({ path }: v.BaseIssue<unknown>, schema: v.GenericSchema): string[] {
  let entries = entriesOf(schema)
  for (const { key } of path?.slice(0, -1) ?? []) entries = entriesOf(entries?.[String(key)])
  return Object.keys(entries ?? {})
}

function entriesOf(schema: unknown): Record<string, unknown> | undefined {
  type Schema = { wrapped?: unknown; entries?: Record<string, unknown> } | undefined
  let each = schema as Schema
  // The schema inside of `optional` and the like.
  while (each?.wrapped !== undefined) each = each.wrapped as Schema
  return each?.entries
}

function describeType(value: unknown): string {
  if (value === null || typeof value === 'object') return describeValue(value)
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
