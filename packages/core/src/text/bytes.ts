/** Orders byte strings as unsigned bytes, a prefix before what it begins: the order of a shard. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Up to this many bytes, a loop is cheaper than asking the platform for a copy (measured). */
const SHORT_BYTES = 32

/** A copy in a buffer that no one else has. `slice()` does not do: on a Buffer it gives a view of the same memory. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length > SHORT_BYTES) return new Uint8Array(bytes)
  const copy = new Uint8Array(bytes.length)
  for (let i = 0; i < copy.length; i++) copy[i] = bytes[i]!
  return copy
}
