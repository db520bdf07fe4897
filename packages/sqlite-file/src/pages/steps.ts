import type { Page } from './page.js'
import type { Pages } from './pages.js'

/**
 * Work on pages that pauses where pages are not in memory: it yields their numbers and continues when they are.
 *
 * After a pause the pages it asked for are there until its next pause. One form of all decoding serves files read
 * by range and files in memory.
 */
export type Steps<T> = Generator<readonly number[], T, void>

/** A page, after a pause if need be. */
export function* stepTo(pages: Pages, no: number): Steps<Page> {
  let page = pages.page(no)
  while (page === undefined) {
    yield [no]
    page = pages.page(no)
  }
  return page
}

/** Runs work on pages that are all in memory. */
export function runSync<T>(steps: Steps<T>): T {
  const step = steps.next()
  if (step.done !== true) throw new Error('sqlite-file: a page of an image is not in memory')
  return step.value
}
