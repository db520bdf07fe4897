import { createHash, createHmac } from 'node:crypto'

/** The hash of this many bytes or more is computed outside of the main thread. */
const LARGE_BYTES = 1024 * 1024

export function sha256(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
  if (bytes.length < LARGE_BYTES) return createHash('sha256').update(bytes).digest()
  const digest = crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return digest.then((hash) => new Uint8Array(hash))
}

export function hmacSha256(key: Uint8Array, text: string): Uint8Array | Promise<Uint8Array> {
  return createHmac('sha256', key).update(text).digest()
}
