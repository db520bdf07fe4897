import { isShardyfusionError, type ShardyfusionError } from '../errors.js'
import type { Key, RoutingContext } from '../types.js'
import type { ShardRouter } from './shard-router.js'

/** Positions in a list of keys, by shard. */
export interface KeyGroups {
  /** Positions in input order, including those of repeated keys. */
  readonly groups: Map<number, number[]>
  /** Keys whose token is not one of the snapshot's routing values: they exist in no shard. */
  readonly unroutable: number[]
}

/**
 * Groups keys by shard, so that a batch reads every shard once.
 *
 * Errors: those of `route`, except that an unknown categorical token makes a key unroutable.
 * Source: wire-format §4.4.
 */
export function groupByShard(
  router: ShardRouter,
  keys: readonly Key[],
  context?: RoutingContext,
): KeyGroups {
  const groups = new Map<number, number[]>()
  const unroutable: number[] = []
  // The context alone decides, so all keys of the batch go to the shard of the first one.
  const shared = context === undefined || keys.length === 0 ? undefined : listFor(keys[0]!)
  for (let i = 0; i < keys.length; i++) (shared ?? listFor(keys[i]!)).push(i)
  return { groups, unroutable }

  function listFor(key: Key): number[] {
    const shard = shardOrMiss(router, key, context)
    if (shard === undefined) return unroutable
    let group = groups.get(shard)
    if (group === undefined) groups.set(shard, (group = []))
    return group
  }
}

/** Returns true for the one routing failure that means "in no shard" rather than "wrong call". */
export function isUnknownRoutingToken(error: unknown): error is ShardyfusionError {
  return isShardyfusionError(error) && error.details.peer === 'UnknownRoutingTokenError'
}

function shardOrMiss(
  router: ShardRouter,
  key: Key,
  context: RoutingContext | undefined,
): number | undefined {
  try {
    return router.route(key, context)
  } catch (error) {
    if (isUnknownRoutingToken(error)) return undefined
    throw error
  }
}
