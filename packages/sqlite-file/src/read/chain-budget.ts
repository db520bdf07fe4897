import { damaged } from '../error.js'
import type { Pages } from '../pages/pages.js'
import { type Cell, chainLength } from './cell.js'

/**
 * Bounds the overflow pages that a scan reads by the pages of the file.
 *
 * An overflow page belongs to one record. Without the bound, records that share a long chain make a scan of a small
 * file return many times its size.
 */
export class ChainBudget {
  #pages = 0

  /** Counts the chain of a record. Errors: DAMAGED. */
  take(pages: Pages, cell: Cell): void {
    this.#pages += chainLength(pages, cell)
    if (this.#pages <= pages.header.pageCount) return
    throw damaged(cell.page.no, 'its records use more overflow pages than the file has')
  }
}
