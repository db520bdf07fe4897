import type { Key } from '@shardyfusion/core'

// Lookups as bytes. Numbers are little-endian words of 32 bits, unaligned.
//
//   one key     handle, kind (1 byte), stored key
//   many keys   handle, count, count kinds (1 byte each), count lengths, stored keys back to back
//   values      count lengths (ABSENT: no such key), values back to back

/** How a key was given, since that decides its shard: the same bytes may have been an integer, text or bytes. */
const KeyKind = { integer: 0, text: 1, bytes: 2 } as const

const ABSENT = 0xffff_ffff
const ONE_KEY_HEADER = 5

export interface WireKey {
  readonly kind: number
  /** As it is stored. */
  readonly bytes: Uint8Array
}

export function wireKey(key: Key, stored: Uint8Array): WireKey {
  const kind =
    typeof key === 'string'
      ? KeyKind.text
      : typeof key === 'object'
        ? KeyKind.bytes
        : KeyKind.integer
  return { kind, bytes: stored }
}

let scratch = new Uint8Array(1024)

/** A request for one key: the first bytes of an array that is used again for the next one. */
export function encodeKeyRequest(
  handle: number,
  { kind, bytes }: WireKey,
): { request: Uint8Array; length: number } {
  const length = ONE_KEY_HEADER + bytes.length
  if (scratch.length < length) scratch = new Uint8Array(2 * length)
  // A loop: for a short key, a view or set() costs more.
  const request = scratch
  request[0] = handle
  request[1] = handle >>> 8
  request[2] = handle >>> 16
  request[3] = handle >>> 24
  request[4] = kind
  if (bytes.length <= 64)
    for (let i = 0; i < bytes.length; i++) request[ONE_KEY_HEADER + i] = bytes[i]!
  else request.set(bytes, ONE_KEY_HEADER)
  return { request, length }
}

export function decodeKeyRequest(request: Uint8Array): { handle: number; key: WireKey } {
  return {
    handle: (request[0]! | (request[1]! << 8) | (request[2]! << 16) | (request[3]! << 24)) >>> 0,
    key: { kind: request[4]!, bytes: request.subarray(ONE_KEY_HEADER) },
  }
}

export function encodeKeysRequest(handle: number, keys: readonly WireKey[]): Uint8Array {
  const lengthsAt = 8 + keys.length
  let at = lengthsAt + 4 * keys.length
  const request = new Uint8Array(keys.reduce((sum, { bytes }) => sum + bytes.length, at))
  const view = viewOf(request)
  view.setUint32(0, handle, true)
  view.setUint32(4, keys.length, true)
  keys.forEach(({ kind, bytes }, i) => {
    request[8 + i] = kind
    view.setUint32(lengthsAt + 4 * i, bytes.length, true)
    request.set(bytes, at)
    at += bytes.length
  })
  return request
}

export function decodeKeysRequest(request: Uint8Array): { handle: number; keys: WireKey[] } {
  const view = viewOf(request)
  const count = view.getUint32(4, true)
  const lengthsAt = 8 + count
  let at = lengthsAt + 4 * count
  const keys = Array.from({ length: count }, (_, i): WireKey => {
    const start = at
    at += view.getUint32(lengthsAt + 4 * i, true)
    return { kind: request[8 + i]!, bytes: request.subarray(start, at) }
  })
  return { handle: view.getUint32(0, true), keys }
}

/** The key as the caller gave it, or one that is equal to it. */
export function keyOf({ kind, bytes }: WireKey): Key {
  if (kind === KeyKind.bytes) return bytes
  if (kind === KeyKind.text)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
  // Big-endian, as integers are stored. 42 and 42n are the same key, and numbers are cheaper.
  if (bytes.length === 4) return wordAt(bytes, 0)
  const high = wordAt(bytes, 0)
  if (high < 0x20_0000) return high * 2 ** 32 + wordAt(bytes, 4)
  return viewOf(bytes).getBigUint64(0)
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}

export function encodeValues(values: readonly (Uint8Array | undefined)[]): Uint8Array {
  let at = 4 * values.length
  const reply = new Uint8Array(values.reduce((sum, value) => sum + (value?.length ?? 0), at))
  const view = viewOf(reply)
  values.forEach((value, i) => {
    view.setUint32(4 * i, value?.length ?? ABSENT, true)
    if (value === undefined) return
    reply.set(value, at)
    at += value.length
  })
  return reply
}

/** The values, each in a separate buffer: holding one must not hold all. */
export function decodeValues(reply: Uint8Array, count: number): (Uint8Array | undefined)[] {
  const view = viewOf(reply)
  let at = 4 * count
  return Array.from({ length: count }, (_, i) => {
    const length = view.getUint32(4 * i, true)
    if (length === ABSENT) return undefined
    const start = at
    at += length
    return reply.slice(start, at)
  })
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
