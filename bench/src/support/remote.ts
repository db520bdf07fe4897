import type { ObjectStore } from '@shardyfusion/core/extend'
import { interceptStore, mapStore } from '@shardyfusion/core/testing'

/** What asking object storage takes, whatever is asked, in milliseconds. */
export const LATENCY_MS = 30
/** The URL of the simulated remote table. */
export const REMOTE = 's3://bench/snapshot'

/** The requests to a store between two readings. */
export interface Traffic {
  readonly reads: number
  readonly writes: number
  readonly lists: number
  readonly bytesRead: number
  /** Requests that had to wait for one another: the longest chain. */
  readonly roundTrips: number
  readonly ms: number
}

export interface Remote {
  readonly objects: ObjectStore
  /** The requests since the last reading. */
  take(): Traffic
}

/** The objects of a local folder, or of memory, as if each request to them took `LATENCY_MS`. */
export async function remote(to: string, latencyMs = LATENCY_MS): Promise<Remote> {
  let counted = nothing()
  let startedAt = performance.now()
  // The longest chain of answered requests, and its length when it was last read.
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
