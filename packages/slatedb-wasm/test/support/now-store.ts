import { MemoryStore } from 'slatedb-wasm'

/** A memory store that also answers without a wait, and counts those answers. */
export class NowStore extends MemoryStore {
  answers = 0
  /** False while it refuses to. */
  isReady = true

  readNow(path: string, start: number, target: Uint8Array): boolean {
    const found = this.isReady ? this.get(path, start, start + target.length) : undefined
    if (found?.length !== target.length) return false
    target.set(found)
    this.answers++
    return true
  }
}
