import type { ObjectUpload, PartStore } from 'slatedb-wasm'
import type { EngineWriterOptions, ScratchSpace } from '../../engine/engine.js'
import { closeOnce } from '../../async/close-once.js'

/** Stores the sorted parts of a shard in temporary space, which is opened for the first of them. */
export class ScratchParts implements PartStore {
  readonly #open: () => Promise<ScratchSpace>
  #space: Promise<ScratchSpace> | undefined
  #opened: ScratchSpace | undefined
  readonly close: () => Promise<void>

  constructor(open: NonNullable<EngineWriterOptions['openScratch']>) {
    this.#open = open
    this.close = closeOnce(async () => (await this.#space?.catch(() => undefined))?.close())
  }

  async put(path: string, bytes: Uint8Array): Promise<boolean> {
    this.#space ??= this.#open()
    this.#opened ??= await this.#space
    await this.#opened.put(path, bytes)
    return true
  }

  async upload(path: string): Promise<ObjectUpload> {
    this.#space ??= this.#open()
    const space = (this.#opened ??= await this.#space)
    return {
      write: (bytes) => space.append(path, bytes),
      complete: () => {},
      abort: () => space.delete(path),
    }
  }

  async get(path: string, start: number, end = Number.MAX_SAFE_INTEGER) {
    return (await this.#space)?.get(path, start, end)
  }

  release(bytes: Uint8Array): void {
    this.#opened?.release?.(bytes)
  }

  async delete(path: string): Promise<void> {
    await (await this.#space)?.delete(path)
  }
}
