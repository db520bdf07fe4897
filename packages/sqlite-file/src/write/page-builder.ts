import { writeU16, writeU32, readU16, readU32 } from '../format/varint.js'

/** Bytes a cell takes at least. */
const LEAST_CELL = 4

/** A b-tree page under construction: pointers grow from the front, cells from the end. */
export class PageBuilder {
  readonly bytes: Uint8Array
  readonly #header: number
  readonly #cells: number
  #end: number
  count = 0

  /** `offset` is where the page's own header starts: 100 on the first page, 0 on others. */
  constructor(pageSize: number, type: number, offset = 0) {
    this.bytes = new Uint8Array(pageSize)
    this.bytes[offset] = type
    this.#header = offset
    this.#cells = offset + (type < 8 ? 12 : 8)
    this.#end = pageSize
  }

  /** Empties the page, to be filled again. */
  reset(): void {
    this.bytes.fill(0, this.#header + 1)
    this.#end = this.bytes.length
    this.count = 0
  }

  fits(cellBytes: number): boolean {
    const room = this.#end - (this.#cells + 2 * this.count + 2)
    return room >= (cellBytes < LEAST_CELL ? LEAST_CELL : cellBytes)
  }

  /** Makes room for the next cell and gives where it starts. */
  take(cellBytes: number): number {
    const at = (this.#end -= cellBytes < LEAST_CELL ? LEAST_CELL : cellBytes)
    const pointer = this.#cells + 2 * this.count++
    this.bytes[pointer] = at >>> 8
    this.bytes[pointer + 1] = at
    return at
  }

  add(cell: Uint8Array): void {
    this.bytes.set(cell, this.take(cell.length))
  }

  /** Adds a cell of an interior page. */
  addChild(child: number, cell: Uint8Array): void {
    const at = this.take(4 + cell.length)
    writeU32(this.bytes, at, child)
    this.bytes.set(cell, at + 4)
  }

  /** Removes the last cell and gives its bytes. */
  pop(): Uint8Array {
    const pointer = this.#cells + 2 * --this.count
    const end = this.count > 0 ? readU16(this.bytes, pointer - 2) : this.bytes.length
    const cell = this.bytes.slice(this.#end, end)
    this.bytes.fill(0, this.#end, end)
    writeU16(this.bytes, pointer, 0)
    this.#end = end
    return cell
  }

  get rightChild(): number {
    return readU32(this.bytes, this.#header + 8)
  }

  set rightChild(no: number) {
    writeU32(this.bytes, this.#header + 8, no)
  }

  /** The bytes, with the number of cells and where they start. */
  finish(): Uint8Array {
    writeU16(this.bytes, this.#header + 3, this.count)
    // 65536 is written as 0.
    writeU16(this.bytes, this.#header + 5, this.#end & 0xffff)
    return this.bytes
  }
}
