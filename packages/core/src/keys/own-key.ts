import type { Key, RoutingContext } from '../types.js'
import { copyBytes, isBytes } from '../text/bytes.js'

/** Copies the key: the caller may reuse its buffer before an asynchronous call reads it. */
export function ownKey(key: Key): Key {
  return isBytes(key) ? copyBytes(key) : key
}

/** Copies the columns, for the same reason. */
export function ownContext(context: RoutingContext | undefined): RoutingContext | undefined {
  // Anything but an object is refused where it is used.
  if (typeof context !== 'object' || context === null) return context
  const own: Record<string, RoutingContext[string]> = { ...context }
  for (const name in own) {
    const value = own[name]
    if (isBytes(value)) own[name] = copyBytes(value)
  }
  return own
}
