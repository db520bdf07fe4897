import { ShardyfusionError } from '../errors.js'

/** Names of the Python errors that a routing failure maps to (wire-format §4, §10). */
export type RoutingErrorPeer =
  | 'ConfigValidationError'
  | 'ShardAssignmentError'
  | 'UnknownRoutingTokenError'
  | 'ValueError'

/** Makes the error of a shard that cannot be determined, or of a sharding that cannot work. */
export function routingError(
  where: string,
  problem: string,
  peer: RoutingErrorPeer,
  cause?: unknown,
): ShardyfusionError {
  return new ShardyfusionError('SHARD_ROUTING', `${where}: ${problem}`, {
    details: { peer },
    cause,
  })
}
