import { ShardyfusionError } from '../errors.js'
import { stringifyJson } from '../manifest/lossless-json.js'

/**
 * Refuses custom fields no manifest can hold, before hours of writing and not after.
 *
 * Errors: SHARD_INVALID_OPTION naming the field.
 */
export function checkCustom(custom: Record<string, unknown>, where: string): void {
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
