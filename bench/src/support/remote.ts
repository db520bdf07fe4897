import type { ObjectStore } from '@shardyfusion/core/extend'
import { interceptStore, mapStore } from '@shardyfusion/core/testing'

/** Simulated latency of every request to object storage, in milliseconds. */
export const LATENCY_MS = 30
/** The URL of the simulated remote table. */
export const REMOTE = 's3://bench/snapshot'

/** The requests to a store between two reads of the counters. */
export interface Traffic {
  readonly reads: number
  readonly writes: number
  readonly lists: number
  readonly bytesRead: number
  /** Sequential round trips: the longest chain of dependent requests. */
  readonly roundTrips: number
  readonly ms: number
}

export interface Remote {
  readonly objects: ObjectStore
  /** Returns and resets the counters. */
  take(): Traffic
}

/** A store in a local folder or in memory that adds `LATENCY_MS` to each request. */
export async function remote(to: string, latencyMs = LATENCY_MS): Promise<Remote> {
  let counted = nothing()
  let startedAt = performance.now()
  // The length of the longest chain of completed requests: now, and at the last read.
  let depth = 0
  let base = 0
  const depths = new WeakMap<object, number>()
  const objects = interceptStore(await mapStore({ from: REMOTE, to }), {
    async before(call) {
      depths.set(call, depth + 1)
      const { operation } = call
      if (operation === 'get' || operation === 'head') counted.reads++
      else if (operation.startsWith('list')) counted.lists++
      else if (operation !== 'sync') counted.writes++
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs))
    },
    after(call, { bytes }) {
      depth = Math.max(depth, depths.get(call)!)
      counted.bytesRead += bytes
    },
  })
  return {
    objects,
    take() {
      const traffic = { ...counted, roundTrips: depth - base, ms: performance.now() - startedAt }
      counted = nothing()
      base = depth
      startedAt = performance.now()
      return traffic
    },
  }
}

function nothing() {
  return { reads: 0, writes: 0, lists: 0, bytesRead: 0 }
}
