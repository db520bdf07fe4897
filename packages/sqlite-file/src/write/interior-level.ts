import { PageBuilder } from './page-builder.js'
import type { PageOutput } from './page-output.js'

/** Interior pages a tree may hold before the lowest ones are written, in bytes. */
const HELD_BYTES = 64 << 20

interface Sealed {
  readonly page: PageBuilder
  /** The cell between this page and the next one; it goes to the level above. */
  separator: Uint8Array
}

/**
 * One level of interior pages.
 *
 * Its pages get their numbers when they are written: together at the end of the file, or earlier when there
 * are many of them. The last complete page always waits, since no page but a root may be without cells.
 */
export class InteriorLevel {
  readonly #output: PageOutput
  readonly #type: number
  #sealed: Sealed[] = []
  #page: PageBuilder
  #above: InteriorLevel | undefined

  constructor(output: PageOutput, type: number) {
    this.#output = output
    this.#type = type
    this.#page = new PageBuilder(output.pageSize, type)
  }

  /** Adds a child, and the cell between it and the next one. */
  push(child: number, separator: Uint8Array): void {
    if (this.#page.fits(4 + separator.length)) {
      this.#page.addChild(child, separator)
      return
    }
    this.#page.rightChild = child
    this.#sealed.push({ page: this.#page, separator })
    this.#page = new PageBuilder(this.#output.pageSize, this.#type)
    if (this.#sealed.length * this.#output.pageSize > HELD_BYTES) this.#write(1)
  }

  /** Adds the last child and writes what is left; gives the root. */
  finish(lastChild: number): number {
    const before = this.#sealed.at(-1)
    if (this.#page.count === 0 && before !== undefined) {
      // The last page would have no cell: the one before it gives up its last child.
      const cell = before.page.pop()
      const child = before.page.rightChild
      before.page.rightChild = new DataView(cell.buffer, cell.byteOffset).getUint32(0)
      this.#page.addChild(child, before.separator)
      before.separator = cell.subarray(4)
    }
    this.#page.rightChild = lastChild
    this.#write(0)
    const last = this.#output.emit(this.#page.finish())
    return this.#above === undefined ? last : this.#above.finish(last)
  }

  /** Writes the complete pages but the last `keep`. */
  #write(keep: number): void {
    const ready = this.#sealed.splice(0, this.#sealed.length - keep)
    for (const { page, separator } of ready) {
      this.#above ??= new InteriorLevel(this.#output, this.#type)
      this.#above.push(this.#output.emit(page.finish()), separator)
    }
  }
}
