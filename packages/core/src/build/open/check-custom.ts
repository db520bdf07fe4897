import { invalidOption } from '../../errors/error-factories.js'
import { LIBRARY_FIELDS } from '../../snapshot/manifest/library-fields.js'
import { stringifyJson } from '../../text/lossless-json.js'
import { isErrorNamed } from '../../errors/is-error.js'

/**
 * Refuses custom fields that no manifest can store, and those that writers set themselves, before
 * the shards are written.
 *
 * Errors: SHARD_INVALID_OPTION naming the field.
 */
export function checkCustom(custom: Record<string, unknown>, where: string): void {
  const taken = LIBRARY_FIELDS.find((name) => name in custom)
  if (taken !== undefined) {
    throw invalidOption(
      where,
      `custom must not have a field ${taken}, which is reserved for the SDK; rename your field`,
      { details: { field: taken } },
    )
  }
  try {
    stringifyJson(custom, 'spaced')
  } catch (cause) {
    if (!isErrorNamed(cause, 'TypeError')) throw cause
    throw invalidOption(
      where,
      `custom must be JSON data: ${cause.message}; omit it or convert it to text`,
      { cause },
    )
  }
}
