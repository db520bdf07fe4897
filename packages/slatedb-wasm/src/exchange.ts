import type { Bindings } from '../wasm/slatedb.js'
import { byteListBytes, readByteList, readByteListInto, writeByteList } from './byte-list.js'
import { ValuePool } from './value-pool.js'

/** Up to here copying byte by byte is faster. */
const SHORT_BYTES = 32
const FIRST_BYTES = 1 << 16
/** Bytes that are checked at a time: they stay in the nearest cache of the processor. */
const PIECE_BYTES = 32 * 1024

/** A block that a lookup lacks. */
export interface WantedBlock {
  /** The number of its table. */
  readonly table: number
  /** The place of its bytes in the object of the table. */
  readonly start: number
  readonly bytes: number
  /** Whether only its value is needed: the block will not be cached, and is stored as it is. */
  readonly isForValue: boolean
}

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
  readonly #values = new ValuePool()
  #storedAt = 0
  /** Bytes of the memory at `#storedAt`. */
  #storedBytes = 0
  /** The latest, for the next block of the same length. */
  #stored: Uint8Array<ArrayBuffer> | undefined

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

  /** Writes a list of keys of the same length, which are packed already, as the request. */
  putPacked(keys: Uint8Array): void {
    this.#request(keys.length).set(keys, this.#requestAt)
  }

  /** A copy of the answer, which belongs to the caller. */
  takeAnswer(): Uint8Array<ArrayBuffer> {
    const bytes = this.#current()
    const at = this.#words[this.#answerWord]!
    return this.#values.copy(bytes, at, this.#words[this.#answerWord + 1]!)
  }

  /** The block that the latest lookup lacks. */
  wanted(): WantedBlock {
    this.#current()
    const [words, at] = [this.#words, this.#answerWord + 2]
    return {
      table: words[at]!,
      start: words[at + 1]! + words[at + 2]! * 2 ** 32,
      bytes: words[at + 3]!,
      isForValue: words[at + 4] === 1,
    }
  }

  /** Memory of the engine for the stored bytes of a block. It is valid until the next call of the engine. */
  storedBytes(length: number): Uint8Array<ArrayBuffer> {
    // Of an array whose memory was replaced the length is 0.
    if (this.#stored?.length === length) return this.#stored
    if (length > this.#storedBytes) {
      this.#storedAt = this.#module.storedAddress(length)
      this.#storedBytes = length
    }
    return (this.#stored = new Uint8Array(this.#current().buffer, this.#storedAt, length))
  }

  /** The CRC-32 of bytes, which are copied into the engine in pieces. */
  checksum(bytes: Uint8Array): number {
    const memory = this.storedBytes(PIECE_BYTES)
    let checksum = 0
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES)
      memory.set(piece)
      checksum = this.#module.addChecksum(checksum, piece.length)
    }
    return checksum
  }

  /** The place of a value, which is the answer of `peekPlace`. */
  place(): { readonly start: number; readonly bytes: number } {
    this.#current()
    const at = this.#answerWord
    return { start: this.#words[at]!, bytes: this.#words[at + 1]! }
  }

  /** Memory of the engine at an address, until it grows. */
  memory(address: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, address, bytes)
  }

  /** The items of an answer that is a packed list, as views of one copy, at their positions in `values`. */
  takeAnswersInto(values: (Uint8Array | undefined)[], positions: Int32Array | undefined): void {
    const bytes = this.#current()
    const at = this.#words[this.#answerWord]!
    readByteListInto(bytes.slice(at, at + this.#words[this.#answerWord + 1]!), values, positions)
  }

  /** The items of an answer that is a packed list, as views of one copy. */
  takeAnswers(): (Uint8Array | undefined)[] {
    const bytes = this.#current()
    const at = this.#words[this.#answerWord]!
    return readByteList(bytes.slice(at, at + this.#words[this.#answerWord + 1]!))
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
