import type { CoreBridge } from '../bridge/current-bridge.js'

/** A scan that can give back what it holds, and continue later. */
export interface Parkable {
  park(): void
}

/**
 * Scans of one worker that may hold chunks and iterators of an engine. Above the limit, the least recently used one is
 * parked.
 *
 * In a script whose event loop never turns, garbage collected iterators go unnoticed. Without a limit, abandoned scans would
 * hold memory until the script ends.
 */
class LiveScans {
  readonly #scans = new Map<number, Parkable>()

  /** Notes that the scan is used now. */
  touch(id: number, scan: Parkable): void {
    this.#scans.delete(id)
    this.#scans.set(id, scan)
    if (this.#scans.size <= MAX_LIVE_SCANS) return
    const [[oldest, parkable] = []] = this.#scans
    this.#scans.delete(oldest!)
    parkable!.park()
  }

  forget(id: number): void {
    this.#scans.delete(id)
  }
}

/** Scans of a worker that are in use at the same time without being parked in turns. */
const MAX_LIVE_SCANS = 64

const byBridge = new WeakMap<CoreBridge, LiveScans>()

export function liveScans(bridge: CoreBridge): LiveScans {
  let scans = byBridge.get(bridge)
  if (scans === undefined) byBridge.set(bridge, (scans = new LiveScans()))
  return scans
}
