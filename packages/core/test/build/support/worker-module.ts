// An engine for workers that does what the query of its URL says, such as `?exitAfter=3`.
import { closeSync, openSync } from 'node:fs'
import { parentPort, threadId } from 'node:worker_threads'
import type { ShardEngine } from '@shardyfusion/core/extend'
import { ShardyfusionError, slatedb } from '@shardyfusion/core'
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

// With work under way: the server of this thread has the message already. As many threads as `deaths` die of it.
const dieAtMessage = Number(query.get('dieAtMessage') ?? 0)
let counting = false
function dieSoon(): void {
  if (counting || dieAtMessage === 0) return
  counting = true
  let messages = 0
  parentPort?.on('message', () => {
    if (++messages === dieAtMessage && mayDie()) process.exit(9)
  })
}

function mayDie(): boolean {
  const deaths = Number(query.get('deaths') ?? 1)
  return Array.from({ length: deaths }, (_, i) => `${query.get('once')}.${i}`).some(isMade)
}

/** With `?once=<file>`, true for one thread alone, which makes the file. */
function isFirst(): boolean {
  const marker = query.get('once')
  return marker === null || isMade(marker)
}

/** True for the one that makes the file. */
function isMade(marker: string): boolean {
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
