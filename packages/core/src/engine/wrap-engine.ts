import { delegate } from '../async/delegate.js'
import type { ShardEngine } from './engine.js'

/**
 * Makes an engine that behaves like `inner`, except for `changes`. All wrappers of engines use it.
 *
 * The wrapped engine does not have the origin of `inner`; pass one in `changes` if other threads
 * can make the same.
 *
 * @example
 * const counted = wrapEngine(inner, { openReader: (o) => (opened++, inner.openReader(o)) })
 */
export function wrapEngine(inner: ShardEngine, changes: Partial<ShardEngine>): ShardEngine {
  return delegate(inner, { origin: undefined, ...changes })
}
