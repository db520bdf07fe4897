import { delegate } from '../async/delegate.js'
import type { ShardEngine } from './engine.js'

/**
 * Makes an engine that behaves like `inner`, except for `changes`. All wrappers of engines use it.
 *
 * If `changes` has another `openWriter` or `openReader`, updates go through these as well, row by row,
 * unless it has another `openUpdate`, too. The wrapped engine does not have the origin of `inner`; pass one in `changes` if other threads
 * can make the same.
 *
 * @example
 * const counted = wrapEngine(inner, { openReader: (o) => (opened++, inner.openReader(o)) })
 */
export function wrapEngine(inner: ShardEngine, changes: Partial<ShardEngine>): ShardEngine {
  const seesRows = 'openWriter' in changes || 'openReader' in changes
  return delegate(inner, {
    origin: undefined,
    ...(seesRows && { openUpdate: undefined }),
    ...changes,
  })
}
