import type { Bindings } from '../wasm/slatedb.js'
import { byteListBytes, readByteList, writeByteList } from './byte-list.js'

/** Up to here copying byte by byte is faster. */
const SHORT_BYTES = 32
const FIRST_BYTES = 1 << 16

/**
 * Memory of the engine in which the keys and values of lookups cross: a lookup is one call and copies its value once.
 *
 * `rust/engine/src/exchange.rs` has the other end.
 */
export class Exchange {
  readonly #module: Bindings
  readonly #memory: WebAssembly.Memory
  readonly #answerWord: number
  #requestAt: number
  #requestBytes = FIRST_BYTES
  #bytes: Uint8Array<ArrayBuffer>
  #words: Uint32Array<ArrayBuffer>

  constructor(module: Bindings) {
    this.#module = module
    this.#memory = module.engineMemory() as WebAssembly.Memory
    this.#answerWord = module.answerAddress() / Uint32Array.BYTES_PER_ELEMENT
    this.#requestAt = module.requestAddress(FIRST_BYTES)
    const buffer = this.#memory.buffer as ArrayBuffer
    this.#bytes = new Uint8Array(buffer)
    this.#words = new Uint32Array(buffer)
  }

  /** Writes a key as the request. */
  putKey(key: Uint8Array): void {
    const { length } = key
    const bytes = this.#request(length)
    const at = this.#requestAt
    if (length <= SHORT_BYTES) for (let i = 0; i < length; i++) bytes[at + i] = key[i]!
    else bytes.set(key, at)
  }

  /** Writes a packed list of keys as the request; returns its length in bytes. */
  putKeys(keys: readonly Uint8Array[]): number {
    const length = byteListBytes(keys)
    writeByteList(keys, this.#request(length), this.#requestAt)
    return length
  }

  /** A copy of the answer, which belongs to the caller. */
  takeAnswer(): Uint8Array<ArrayBuffer> {
    const bytes = this.#current()
    const at = this.#words[this.#answerWord]!
    return bytes.slice(at, at + this.#words[this.#answerWord + 1]!)
  }

  /** The items of an answer that is a packed list, as views of one copy. */
  takeAnswers(): (Uint8Array | undefined)[] {
    return readByteList(this.takeAnswer())
  }

  /** The memory, with room for a request. */
  #request(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#requestBytes) {
      this.#requestBytes = 2 * length
      this.#requestAt = this.#module.requestAddress(this.#requestBytes)
    }
    return this.#current()
  }

  // When the memory grows, its buffer is replaced.
  #current(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === 0) {
      const buffer = this.#memory.buffer as ArrayBuffer
      this.#bytes = new Uint8Array(buffer)
      this.#words = new Uint32Array(buffer)
    }
    return this.#bytes
  }
}
