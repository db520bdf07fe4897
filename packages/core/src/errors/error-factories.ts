import { type ErrorCode, type ErrorDetails, ShardyfusionError } from '../errors.js'

/** Names that the Python project has for the same errors (wire-format §10). */
export type PeerError =
  | 'BridgeTimeoutError'
  | 'ConfigValidationError'
  | 'DbAdapterError'
  | 'ManifestBuildError'
  | 'ManifestParseError'
  | 'PoolExhaustedError'
  | 'PublishCurrentError'
  | 'PublishManifestError'
  | 'ReaderStateError'
  | 'S3TransientError'
  | 'ShardAssignmentError'
  | 'ShardCoverageError'
  | 'ShardWriteError'
  | 'UnknownRoutingTokenError'
  | 'ValueError'

interface Facts {
  /** By default the peer of the factory; `null` if Python has no such error. */
  peer?: PeerError | null | undefined
  /** True when the same call may succeed later. */
  retryable?: boolean | undefined
  /** Ids, limits and sizes, next to `peer`. */
  details?: ErrorDetails | undefined
  cause?: unknown
}

/**
 * `where` is the failed call; `problem` has the expected value (with its unit), the actual one, and
 * the advice.
 */
type ErrorFactory = (where: string, problem: string, facts?: Facts) => ShardyfusionError

/** An option that is unknown, malformed, or does not go with the others. */
export const invalidOption = factory('SHARD_INVALID_OPTION', 'ConfigValidationError')

/** A key that cannot be hashed or stored as asked. */
export const invalidKey = factory('SHARD_INVALID_KEY', 'ConfigValidationError')

/** A value or a row that cannot be stored as asked, or is not what it should be. */
export const invalidValue = factory('SHARD_INVALID_VALUE', 'ConfigValidationError')

/** A shard that cannot be determined, or a sharding that cannot work. */
export const routingError = factory('SHARD_ROUTING', null)

/** A call on a reader or writer that is closed. */
export const closed = factory('SHARD_CLOSED', 'ReaderStateError')

/** A call that must wait for another one. */
export const busy = factory('SHARD_BUSY', null)

/** A snapshot, run, manifest or shard that does not exist. */
export const notFound = factory('SHARD_NOT_FOUND', 'ReaderStateError')

/** A wait that reached its bound. */
export const timeout = factory('SHARD_TIMEOUT', 'BridgeTimeoutError', true)

/** A manifest, pointer or run record that cannot be read or made. */
export const manifestError = factory('SHARD_MANIFEST', 'ManifestParseError')

/** A snapshot that is not published. */
export const publishError = factory('SHARD_PUBLISH', 'PublishManifestError')

/** A shard, or the engine that stores it, that does not work. */
export const engineError = factory('SHARD_ENGINE', 'DbAdapterError')

/** An object store that does not work. */
export const storeError = factory('SHARD_STORE', null)

/** Makes the errors of one code, with the message `where: problem`. The facts of one error win over the defaults. */
function factory(
  code: ErrorCode,
  defaultPeer: PeerError | null,
  retryableByDefault = false,
): ErrorFactory {
  return (where, problem, facts = {}) => {
    const { peer = defaultPeer, retryable = retryableByDefault, details, cause } = facts
    return new ShardyfusionError(code, `${where}: ${problem}`, {
      retryable,
      details: { ...(peer !== null && { peer }), ...details },
      cause,
    })
  }
}
