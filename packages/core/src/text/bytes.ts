/** Orders byte strings as unsigned bytes, a prefix before longer strings: the order of a shard. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Up to this many bytes, a loop is cheaper than a native copy (measured). */
const SHORT_BYTES = 32

/**
 * Copies bytes into a new buffer. `slice()` is not enough: on a Buffer it returns a view of the
 * same memory.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length > SHORT_BYTES) return new Uint8Array(bytes)
  const copy = new Uint8Array(bytes.length)
  for (let i = 0; i < copy.length; i++) copy[i] = bytes[i]!
  return copy
}

/**
 * Returns true for `Uint8Array` and its subclasses, such as `Buffer`, of every realm.
 *
 * The `Uint8Array` of a `vm` context differs from that of Node's modules and of other threads.
 */
export function isBytes(value: unknown): value is Uint8Array {
  if (typeof value !== 'object') return false
  // oxlint-disable-next-line realm/no-global-instanceof -- the fast path for the own realm
  return value instanceof Uint8Array || tagOfView(value) === 'Uint8Array'
}

/** Returns true for an `ArrayBuffer` of any realm; false for shared memory. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return Object.prototype.toString.call(value) === '[object ArrayBuffer]'
}

function tagOfView(value: unknown): string | undefined {
  return ArrayBuffer.isView(value)
    ? (value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]
    : undefined
}
