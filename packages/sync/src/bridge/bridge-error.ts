import { ShardyfusionError } from '@shardyfusion/core/internal'

/** Why there is no answer; `details.reason` of SHARD_BRIDGE errors. */
type BridgeFailure = 'start' | 'died' | 'nested' | 'closed'

export function bridgeError(
  where: string,
  reason: BridgeFailure,
  problem: string,
  cause?: unknown,
): ShardyfusionError {
  return new ShardyfusionError('SHARD_BRIDGE', `${where}: ${problem}`, {
    cause,
    details: { reason },
  })
}

export function busyError(where: string): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_BUSY',
    `${where}: called from a callback of another call, whose worker cannot answer both; do it after that call`,
  )
}

export function timeoutError(where: string, timeoutMs: number): ShardyfusionError {
  return new ShardyfusionError(
    'SHARD_TIMEOUT',
    `${where}: no reply within ${timeoutMs} ms; raise timeoutMs, and note that this thread serves no requests while ` +
      'it waits: a server in it that the call depends on never does',
    { retryable: true, details: { timeoutMs } },
  )
}

export function interruptedError(where: string): ShardyfusionError {
  return new ShardyfusionError('SHARD_INTERRUPTED', `${where}: interrupted by SIGINT (Ctrl-C)`)
}
