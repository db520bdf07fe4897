import { calls } from '../protocol/calls.js'
import { Bridge } from './bridge.js'
import { bridgeError } from './bridge-error.js'
import { ownWorkerStart } from './own-worker.js'

/** The bridge to a worker that runs core. */
export type CoreBridge = Bridge<never, typeof calls>

/** Of this thread: a blocked caller gains nothing from a second worker. */
const bridges = new Map<string, CoreBridge>()

/** The bridge of this thread to the worker at this URL, or that of the package; started when first asked for, and again after it has died. */
export function currentBridge(workerUrl: URL | undefined, where: string): CoreBridge {
  refuseOwnWorker(where)
  const key = workerUrl?.href ?? ''
  const running = bridges.get(key)
  if (running?.usable === true) return running
  if (bridges.size === 0) process.on('exit', quiesceAll)
  const bridge = new Bridge({ table: calls, workerUrl }, where) as CoreBridge
  bridges.set(key, bridge)
  return bridge
}

/** A native engine with a call under way must not be torn down: the process would end by a signal. */
function quiesceAll(): void {
  for (const bridge of bridges.values()) bridge.quiesce()
}

function refuseOwnWorker(where: string): void {
  if (ownWorkerStart() === undefined) return
  throw bridgeError(
    where,
    'nested',
    'used inside the worker thread of the synchronous API, which would wait for itself; use @shardyfusion/core there',
  )
}
