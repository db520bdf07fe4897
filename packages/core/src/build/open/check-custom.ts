import { invalidOption } from '../../errors/error-factories.js'
import { LIBRARY_FIELDS } from '../../snapshot/manifest/library-fields.js'
import { stringifyJson } from '../../text/lossless-json.js'

/**
 * Refuses custom fields no manifest can hold, and those that writers set themselves, before hours of writing and not after.
 *
 * Errors: SHARD_INVALID_OPTION naming the field.
 */
export function checkCustom(custom: Record<string, unknown>, where: string): void {
  const taken = LIBRARY_FIELDS.find((name) => name in custom)
  if (taken !== undefined) {
    throw invalidOption(
      where,
      `custom must not have a field ${taken}, which the SDK writes; use another name`,
      { details: { field: taken } },
    )
  }
  try {
    stringifyJson(custom, 'spaced')
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw invalidOption(
      where,
      `custom must be JSON data: ${cause.message}; leave it out or turn it into text`,
      { cause },
    )
  }
}
