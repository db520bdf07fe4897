import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { Failure } from '../util/usage-error.js'
import { Sink } from './sink.js'

/** A file that is created under its name only when it is complete; `-` is stdout. */
export class AtomicFile {
  readonly #path: string
  readonly #temporary: string | undefined
  readonly #sink: Sink
  #fd: number | undefined

  constructor(path: string) {
    this.#path = path
    if (path === '-') {
      this.#sink = new Sink(1)
      return
    }
    this.#temporary = `${path}.${process.pid}.partial`
    try {
      this.#fd = openSync(this.#temporary, 'wx')
    } catch (cause) {
      throw new Failure(`cannot write ${path}: ${(cause as Error).message}`, { cause })
    }
    this.#sink = new Sink(this.#fd)
  }

  write(data: string | Uint8Array): void {
    this.#sink.write(data)
  }

  commit(): void {
    this.#sink.flush()
    if (this.#fd === undefined || this.#temporary === undefined) return
    fsyncSync(this.#fd)
    closeSync(this.#fd)
    this.#fd = undefined
    renameSync(this.#temporary, this.#path)
  }

  /** Deletes the partial file if `commit()` was not called. */
  close(): void {
    if (this.#fd === undefined) return
    closeSync(this.#fd)
    this.#fd = undefined
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true })
  }
}
