// An engine for workers that does what the query of its URL says, such as `?exitAfter=3`.
import { closeSync, openSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { type ShardEngine, ShardyfusionError, slatedb } from '@shardyfusion/core'
import { objectEngine } from '../../support/object-engine.js'
import { watchedEngine } from '../../support/watched-engine.js'

const query = new URL(import.meta.url).searchParams
const exitAfter = Number(query.get('exitAfter') ?? Infinity)
const throwAfter = Number(query.get('throwAfter') ?? Infinity)
const failAfter = Number(query.get('failAfter') ?? Infinity)
const holds = query.has('holds')
const channel = query.has('channel') ? new BroadcastChannel(query.get('channel')!) : undefined
channel?.unref()
// Whatever the test says ends the waiting.
const released = new Promise<unknown>((resolve) => {
  channel?.addEventListener('message', resolve, { once: true })
})

// At any moment from the first shard on, not only between two batches.
const dieWithinMs = Number(query.get('dieWithinMs') ?? 0)
let timed = false
function dieSoon(): void {
  if (timed || dieWithinMs === 0) return
  timed = true
  setTimeout(() => process.exit(9), Math.random() * dieWithinMs)
}

/** With `?once=<file>`, true for one thread alone, which makes the file. */
function isFirst(): boolean {
  const marker = query.get('once')
  if (marker === null) return true
  try {
    closeSync(openSync(marker, 'wx'))
    return true
  } catch {
    return false
  }
}

let writes = 0

const inner = query.has('slatedb') ? slatedb() : objectEngine()
export const engine: ShardEngine = watchedEngine(inner, {
  openWriter: ({ url }) => {
    dieSoon()
    channel?.postMessage({ opened: url, threadId })
  },
  closeWriter: (url) => channel?.postMessage({ closed: url, threadId }),
  write: (url) => {
    writes++
    if (holds) {
      channel?.postMessage({ held: url, threadId })
      return released
    }
    if (writes > exitAfter && isFirst()) process.exit(7)
    if (writes > throwAfter) {
      setImmediate(() => {
        throw new RangeError('thrown where nobody catches it')
      })
    }
    if (writes > failAfter) {
      throw new ShardyfusionError('SHARD_ENGINE', 'worker module: no space left', {
        retryable: false,
        details: { url, notPosted: () => 1, limit: 2n ** 60n },
        cause: new TypeError('the cause', { cause: 'its own' }),
      })
    }
    return undefined
  },
})
