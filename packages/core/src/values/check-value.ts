import { invalidOption } from '../errors/error-factories.js'
import { isPromise } from '../async/is-promise.js'
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js'

/** Why a value does not match a schema; the place adds the key. */
export class SchemaMismatch extends Error {
  readonly issues: readonly { readonly path: string; readonly message: string }[]

  constructor(issues: readonly SchemaIssue[]) {
    const described = issues.map(({ path, message }) => ({ path: pathText(path), message }))
    super(
      described
        .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
        .join('; '),
    )
    this.issues = described
  }
}

/**
 * Validates a value and returns the output of the schema.
 *
 * Errors: SchemaMismatch; SHARD_INVALID_OPTION for a schema that answers later, because lookups
 * return values that are in memory without waiting; and those that the schema throws.
 */
export function checkValue(schema: StandardSchema, value: unknown, where: string): unknown {
  const result = schema['~standard'].validate(value)
  if (isPromise(result)) {
    // Nothing else waits for it.
    result.catch(() => {})
    throw invalidOption(
      where,
      `schema must validate without waiting, but that of ${schema['~standard'].vendor} returned a promise; ` +
        'leave asynchronous checks out, and make them on the returned value',
    )
  }
  const { issues } = result as SchemaResult<unknown>
  if (issues !== undefined) throw new SchemaMismatch(issues)
  return (result as { readonly value: unknown }).value
}

/** Formats a path as `address.lines[0]`. */
function pathText(path: SchemaIssue['path']): string {
  let text = ''
  for (const segment of path ?? []) {
    const key = typeof segment === 'object' ? segment.key : segment
    if (typeof key === 'number') text += `[${key}]`
    else if (typeof key === 'string' && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key))
      text += text === '' ? key : `.${key}`
    else text += `[${typeof key === 'symbol' ? String(key) : JSON.stringify(key)}]`
  }
  return text
}
