import { damaged } from '../error.js'
import { childOf, type Page } from '../pages/page.js'
import { MAX_DEPTH, type Pages } from '../pages/pages.js'
import { type Steps, stepTo } from '../pages/steps.js'
import { type Probe, stepToLowerBound } from './probe.js'

/** The two kinds of trees: of rows by row id, and of records in order. */
export type TreeKind = 'table' | 'index'

/** Refuses a page that has no place in such a tree. */
export function checkTreePage(page: Page, kind: TreeKind): void {
  const { type } = page
  if (kind === 'index' ? type === 2 || type === 10 : type === 5 || type === 13) return
  throw damaged(page.no, `expected a page of ${kind === 'index' ? 'an index' : 'a table'} b-tree`)
}

export function tooDeep(no: number): Error {
  return damaged(no, `the b-tree has more than ${MAX_DEPTH} levels, so it has a cycle`)
}

/** A cell of a tree. */
export interface Place {
  readonly page: Page
  readonly i: number
}

/** Finds the cell at a place of a tree. */
export function* descend(
  pages: Pages,
  root: number,
  kind: TreeKind,
  probe: Probe,
): Steps<Place | undefined> {
  let no = root
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const page: Page = yield* stepTo(pages, no)
    checkTreePage(page, kind)
    const i: number = yield* stepToLowerBound(pages, page, probe)
    // An interior cell of a table tree only says what is on its left.
    const hasRecords = kind === 'index' || page.isLeaf
    if (hasRecords && i < page.count) {
      let order = probe.compare(pages, page, i)
      while (Number.isNaN(order)) {
        yield probe.lacking
        order = probe.compare(pages, page, i)
      }
      if (order === 0) return { page, i }
    }
    if (page.isLeaf) return undefined
    no = childOf(page, i)
  }
  throw tooDeep(no)
}
