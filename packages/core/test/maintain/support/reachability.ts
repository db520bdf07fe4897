import type { ObjectStore } from '@shardyfusion/core/extend'
import { interceptStore, type StoreCall } from '@shardyfusion/core/testing'
import { decodeManifest } from '#dist/snapshot/manifest/manifest-codec.js'

/** What a race has done to what was reachable, and how often it came close. */
export interface Reachability {
  readonly store: ObjectStore
  /** Every moment at which the pointer named a run that was being, or had been, removed. */
  readonly violations: string[]
  /** Deletions of manifests and data seen. */
  readonly deletions: () => number
}

/**
 * Watches a store through which all actors of a race go, with a pause of random length before every call.
 *
 * The pointer names a run from the moment it begins to be written to it until it has been written to another one; in
 * that time neither its manifest nor any shard that it names, of whatever run, may be deleted, nor may it have lost any.
 */
export function watchReachability(
  store: ObjectStore,
  pause: (call: StoreCall) => Promise<void> | void,
): Reachability {
  const violations: string[] = []
  const gone = new Set<string>()
  let named: string[] = []
  /** The folders of the shards that each manifest names, by run. */
  const shards = new Map<string, readonly string[]>()
  /** Folders whose objects were deleted. */
  const removed: string[] = []
  // One at a time, so that it is known at every moment what the pointer may name.
  let moving: Promise<unknown> = Promise.resolve()
  let deletions = 0
  const forget = (call: StoreCall): void => {
    const runId = runOf(call)
    if (runId === undefined) return
    deletions++
    const { operation, url } = call
    if (url.includes('/manifests/')) {
      gone.add(runId)
      if (named.includes(runId)) violations.push(`${operation} ${url} while it is current`)
      return
    }
    removed.push(url)
    for (const current of named) {
      if (shards.get(current)?.some((shard) => overlap(shard, url)) === true)
        violations.push(`${operation} ${url} while ${current}, which names it, is current`)
    }
  }
  const watched = interceptStore(store, {
    async before(call) {
      await pause(call)
      if (call.operation === 'delete' || call.operation === 'deletePrefix') forget(call)
    },
    after: pause,
  })
  async function move(runId: string, ...args: Parameters<ObjectStore['put']>): Promise<boolean> {
    if (gone.has(runId)) violations.push(`the pointer moves to ${runId}, which is gone`)
    const lost = shards.get(runId)?.find((shard) => removed.some((url) => overlap(shard, url)))
    if (lost !== undefined) violations.push(`the pointer moves to ${runId}, whose ${lost} is gone`)
    named = [...named, runId]
    try {
      return await store.put(...args)
    } finally {
      named = [await currentRun(store, args[0])]
    }
  }
  const put: ObjectStore['put'] = async (...args) => {
    const [url, bytes] = args
    if (url.endsWith('/manifest')) {
      const manifest = await decodeManifest(bytes, 'reachability')
      const urls = manifest.entries.flatMap((entry) => entry.url ?? [])
      shards.set(manifest.runId, urls)
    }
    if (!url.endsWith('/_CURRENT')) return watched.put(...args)
    const { run_id: runId } = JSON.parse(new TextDecoder().decode(bytes)) as { run_id: string }
    await pause({ operation: 'put', url, bytes: bytes.length })
    const moved = moving.then(() => move(runId, ...args))
    moving = moved.catch(() => {})
    return moved
  }
  const proxy = new Proxy(watched, {
    get: (target, name) => {
      if (name === 'put') return put
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return { store: proxy, violations, deletions: () => deletions }
}

function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)
}

/** The run whose manifest or data a call deletes; `undefined` for records. */
function runOf({ url }: StoreCall): string | undefined {
  if (url.includes('/runs/')) return undefined
  return /run_id=([^/]+)/.exec(url)?.[1]
}

async function currentRun(store: ObjectStore, url: string): Promise<string> {
  const bytes = await store.get(url)
  return (JSON.parse(new TextDecoder().decode(bytes)) as { run_id: string }).run_id
}
