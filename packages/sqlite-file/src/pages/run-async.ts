import type { FilePages } from './file-pages.js'
import type { Page } from './page.js'
import type { Pages } from './pages.js'
import type { Steps } from './steps.js'

/** Bytes of fetched pages that stay until the work is done; those of the latest round always stay. */
const HELD_BYTES = 16 << 20

/** The pages of a file together with those fetched for work under way, whatever the cache has room for. */
class HeldPages implements Pages {
  readonly file: FilePages
  readonly #held = new Map<number, Page>()

  constructor(file: FilePages) {
    this.file = file
  }

  /** Holds the pages of one more round. */
  hold(latest: ReadonlyMap<number, Page>): void {
    for (const [no, page] of latest) this.#held.set(no, page)
    const most = Math.max(latest.size, Math.floor(HELD_BYTES / this.header.pageSize))
    for (const no of this.#held.keys()) {
      if (this.#held.size <= most) return
      if (!latest.has(no)) this.#held.delete(no)
    }
  }

  get header() {
    return this.file.header
  }

  page(no: number): Page | undefined {
    return this.file.page(no) ?? this.#held.get(no)
  }
}

/**
 * Runs many pieces of work side by side: all continue until they pause, then all pages they lack are fetched at once.
 *
 * So a batch of lookups costs one round trip for each level of the tree. Without `cache`, leaves and overflow pages do
 * not enter the cache.
 */
export async function runAll<T>(
  file: FilePages,
  start: (pages: Pages) => readonly Steps<T>[],
  signal?: AbortSignal,
  cache = true,
): Promise<T[]> {
  const pages = new HeldPages(file)
  const all = start(pages)
  const results = Array.from<T>({ length: all.length })
  let running = all.map((_, i) => i)
  for (;;) {
    const lacking = new Set<number>()
    const paused: number[] = []
    for (const i of running) {
      const step = all[i]!.next()
      if (step.done === true) results[i] = step.value
      else {
        paused.push(i)
        for (const no of step.value) lacking.add(no)
      }
    }
    if (paused.length === 0) return results
    running = paused
    signal?.throwIfAborted()
    const held = new Map<number, Page>()
    await abortable(file.load(lacking, held, cache), signal)
    pages.hold(held)
  }
}

/** Runs one piece of work. */
export async function run<T>(
  file: FilePages,
  start: (pages: Pages) => Steps<T>,
  signal?: AbortSignal,
): Promise<T> {
  const [result] = await runAll(file, (pages) => [start(pages)], signal)
  return result as T
}

/** Stops waiting when the signal is aborted; pages under way still enter the cache. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  signal.throwIfAborted()
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
