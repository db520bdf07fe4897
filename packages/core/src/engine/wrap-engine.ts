import { delegate } from '../async/delegate.js'
import type { ShardEngine } from './engine.js'

/**
 * An engine that does what `inner` does, except for `changes`: the one way in which an engine wraps another.
 *
 * The origin of `inner` is not that of the wrapped engine; give one in `changes` if other threads can make the same.
 *
 * @example
 * const counted = wrapEngine(inner, { openReader: (o) => (opened++, inner.openReader(o)) })
 */
export function wrapEngine(inner: ShardEngine, changes: Partial<ShardEngine>): ShardEngine {
  return delegate(inner, { origin: undefined, ...changes })
}
