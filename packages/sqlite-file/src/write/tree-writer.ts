import { inlineLimit, localBytes } from '../format/page-size.js'
import { varintLength, writeU32, writeVarint } from '../format/varint.js'
import { INDEX_INTERIOR, INDEX_LEAF, TABLE_INTERIOR, TABLE_LEAF } from '../pages/page.js'
import type { Integer } from '../value.js'
import { InteriorLevel } from './interior-level.js'
import { PageBuilder } from './page-builder.js'
import type { PageOutput } from './page-output.js'

/** Writes the leaves of a tree as its records come, and its interior pages at the end. */
export interface TreeWriter {
  /** Writes the last leaf. */
  finishLeaves(): void
  /** Writes the interior pages; gives the root. */
  finish(): number
}

/** A tree of records in order: an index or a WITHOUT ROWID table. */
export class IndexTreeWriter implements TreeWriter {
  readonly #output: PageOutput
  readonly #inlineLimit: number
  #leaf: PageBuilder
  #spare: PageBuilder
  /** The full leaf before this one; it waits until this one has a cell. */
  #full: { readonly page: PageBuilder; separator: Uint8Array } | undefined
  #level: InteriorLevel | undefined
  #last = 0

  constructor(output: PageOutput) {
    this.#output = output
    this.#inlineLimit = inlineLimit(output.pageSize)
    this.#leaf = new PageBuilder(output.pageSize, INDEX_LEAF)
    this.#spare = new PageBuilder(output.pageSize, INDEX_LEAF)
  }

  /** Adds a record of a blob key and a blob value, straight into the page if it fits. */
  addEntry(key: Uint8Array, value: Uint8Array): void {
    const keySerial = 2 * key.length + 12
    const valueSerial = 2 * value.length + 12
    const header = 1 + varintLength(keySerial) + varintLength(valueSerial)
    const size = header + key.length + value.length
    const cell = varintLength(size) + size
    const leaf = this.#leaf
    if (size <= this.#inlineLimit && leaf.fits(cell)) {
      const { bytes } = leaf
      let at = writeVarint(bytes, leaf.take(cell), size)
      bytes[at] = header
      at = writeVarint(bytes, at + 1, keySerial)
      at = writeVarint(bytes, at, valueSerial)
      if (key.length <= SHORT_BYTES) {
        for (let i = 0; i < key.length; i++) bytes[at + i] = key[i]!
      } else bytes.set(key, at)
      bytes.set(value, at + key.length)
      return
    }
    const head = new Uint8Array(header)
    head[0] = header
    writeVarint(head, writeVarint(head, 1, keySerial), valueSerial)
    this.add([head, key, value], size)
  }

  /** The same for a key and a value that follow one another in `data`: one copy for both. */
  addPacked(data: Uint8Array, start: number, keyEnd: number, end: number): void {
    const keySerial = 2 * (keyEnd - start) + 12
    const valueSerial = 2 * (end - keyEnd) + 12
    const header = 1 + varintLength(keySerial) + varintLength(valueSerial)
    const size = header + end - start
    const cell = varintLength(size) + size
    const leaf = this.#leaf
    if (size <= this.#inlineLimit && leaf.fits(cell)) {
      const { bytes } = leaf
      let at = writeVarint(bytes, leaf.take(cell), size)
      bytes[at] = header
      at = writeVarint(bytes, at + 1, keySerial)
      at = writeVarint(bytes, at, valueSerial)
      bytes.set(new Uint8Array(data.buffer, data.byteOffset + start, end - start), at)
      return
    }
    this.addEntry(data.subarray(start, keyEnd), data.subarray(keyEnd, end))
  }

  /** Adds a record given in parts, `size` bytes together. */
  add(parts: readonly Uint8Array[], size: number): void {
    const local = localBytes(size, this.#output.pageSize, false)
    const cellBytes = varintLength(size) + local + (local < size ? 4 : 0)
    const chain = local < size ? this.#output.emitChain(parts, local) : 0
    if (this.#leaf.fits(cellBytes)) {
      const at = this.#leaf.take(cellBytes)
      putParts(this.#leaf.bytes, writeVarint(this.#leaf.bytes, at, size), parts, local, chain)
      return
    }
    // The record that no longer fits becomes the separator behind the full page.
    const cell = new Uint8Array(cellBytes)
    putParts(cell, writeVarint(cell, 0, size), parts, local, chain)
    this.#emitFull()
    this.#full = { page: this.#leaf, separator: cell }
    this.#leaf = this.#spare
    this.#leaf.reset()
  }

  finishLeaves(): void {
    if (this.#full !== undefined && this.#leaf.count === 0) {
      const cell = this.#full.page.pop()
      this.#leaf.add(this.#full.separator)
      this.#full.separator = cell
    }
    this.#emitFull()
    this.#last = this.#output.emit(this.#leaf.finish())
  }

  finish(): number {
    return this.#level === undefined ? this.#last : this.#level.finish(this.#last)
  }

  #emitFull(): void {
    if (this.#full === undefined) return
    const { page, separator } = this.#full
    this.#level ??= new InteriorLevel(this.#output, INDEX_INTERIOR)
    this.#level.push(this.#output.emit(page.finish()), separator)
    this.#spare = page
    this.#full = undefined
  }
}

/** A tree of rows by row id. */
export class TableTreeWriter implements TreeWriter {
  readonly #output: PageOutput
  readonly #leaf: PageBuilder
  #level: InteriorLevel | undefined
  #last = 0
  #lastRowid: Integer = 0

  constructor(output: PageOutput) {
    this.#output = output
    this.#leaf = new PageBuilder(output.pageSize, TABLE_LEAF)
  }

  /** Adds a row given in parts, `size` bytes together. */
  add(rowid: Integer, parts: readonly Uint8Array[], size: number): void {
    const local = localBytes(size, this.#output.pageSize, true)
    const head = varintLength(size) + varintLength(rowid)
    const cellBytes = head + local + (local < size ? 4 : 0)
    const chain = local < size ? this.#output.emitChain(parts, local) : 0
    if (!this.#leaf.fits(cellBytes)) {
      const separator = new Uint8Array(varintLength(this.#lastRowid))
      writeVarint(separator, 0, this.#lastRowid)
      this.#level ??= new InteriorLevel(this.#output, TABLE_INTERIOR)
      this.#level.push(this.#output.emit(this.#leaf.finish()), separator)
      this.#leaf.reset()
    }
    const { bytes } = this.#leaf
    const at = writeVarint(bytes, writeVarint(bytes, this.#leaf.take(cellBytes), size), rowid)
    putParts(bytes, at, parts, local, chain)
    this.#lastRowid = rowid
  }

  finishLeaves(): void {
    this.#last = this.#output.emit(this.#leaf.finish())
  }

  finish(): number {
    return this.#level === undefined ? this.#last : this.#level.finish(this.#last)
  }
}

/** Up to here copying byte by byte is faster. */
const SHORT_BYTES = 16

/** Writes the first `local` bytes of the parts, and the first page of the rest. */
export function putParts(
  into: Uint8Array,
  start: number,
  parts: readonly Uint8Array[],
  local: number,
  chain: number,
): void {
  let at = start
  const end = start + local
  for (const part of parts) {
    if (at === end) break
    const bytes = Math.min(part.length, end - at)
    into.set(bytes === part.length ? part : part.subarray(0, bytes), at)
    at += bytes
  }
  if (chain !== 0) writeU32(into, end, chain)
}
