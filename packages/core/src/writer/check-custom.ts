import { ShardyfusionError } from '../errors.js'
import { WRITER_FIELDS } from '../manifest/writer-fields.js'
import { stringifyJson } from '../manifest/lossless-json.js'

/**
 * Refuses custom fields no manifest can hold, and those that writers set themselves, before hours of writing and not after.
 *
 * Errors: SHARD_INVALID_OPTION naming the field.
 */
export function checkCustom(custom: Record<string, unknown>, where: string): void {
  const taken = WRITER_FIELDS.find((name) => Object.hasOwn(custom, name))
  if (taken !== undefined) {
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `${where}: custom.${taken} is set by the writer; give your field another name`,
      { details: { peer: 'ConfigValidationError' } },
    )
  }
  try {
    stringifyJson(custom, 'spaced')
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `${where}: custom must be JSON data: ${cause.message}; leave it out or turn it into text`,
      { cause, details: { peer: 'ConfigValidationError' } },
    )
  }
}
