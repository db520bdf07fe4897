/**
 * Returns true for `Uint8Array` and its subclasses, such as `Buffer`, of every realm.
 *
 * The `Uint8Array` of a `vm` context differs from that of Node's modules.
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
