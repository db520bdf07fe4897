import type { Key, RoutingContext } from '../types.js'
import { copyBytes } from '../text/bytes.js'

/** The key as it is now: the caller may reuse its buffer before a call that waits has looked at it. */
export function ownKey(key: Key): Key {
  return key instanceof Uint8Array ? copyBytes(key) : key
}

/** The columns as they are now, for the same reason. */
export function ownContext(context: RoutingContext | undefined): RoutingContext | undefined {
  // Anything but an object is refused where it is used.
  if (typeof context !== 'object' || context === null) return context
  const own: Record<string, RoutingContext[string]> = { ...context }
  for (const name in own) {
    const value = own[name]
    if (value instanceof Uint8Array) own[name] = copyBytes(value)
  }
  return own
}
