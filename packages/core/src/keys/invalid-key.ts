import { ShardyfusionError } from '../errors.js'

/** Names of the Python errors that a bad key maps to (wire-format §4.1, §5). */
export type KeyErrorPeer = 'ConfigValidationError' | 'ValueError'

/** Makes the error of a key that cannot be hashed or stored. */
export function invalidKey(where: string, problem: string, peer: KeyErrorPeer): ShardyfusionError {
  return new ShardyfusionError('SHARD_INVALID_KEY', `${where}: ${problem}`, { details: { peer } })
}
