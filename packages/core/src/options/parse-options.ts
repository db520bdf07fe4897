import * as v from 'valibot'
import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from './describe-value.js'

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
    : result.issues.map(describeIssue)
  throw invalidOption(where, problems.join('; '), { details: { problems } })
}

/** Options whose values may be credentials, which no message may show. */
const SECRET_PATH = /^s3$|^(?:env|s3\.credentials|s3\.endpoint)(?:\.|$)/

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return `unknown option "${path}"`
  if (issue.type === 'strict_object' && path !== null && issue.input === undefined) {
    return `${path} is required`
  }
  const got = SECRET_PATH.test(path ?? '') ? describeType(issue.input) : describeValue(issue.input)
  if (path === null && issue.type === 'check') return `options ${issue.message}`
  if (path === null) return `options must be an object, got ${got}`
  if (issue.input === undefined) return `${path} is required (${lowerFirst(issue.message)})`
  return `${path} ${issue.message}, got ${got}`
}

function describeType(value: unknown): string {
  if (value === null || typeof value === 'object') return describeValue(value)
  return value === undefined ? 'undefined' : `a ${typeof value}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
