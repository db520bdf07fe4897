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

let scratch = Buffer.alloc(1024)

/** A request for one key; valid until the next one is made. */
export function encodeKeyRequest(handle: number, { kind, bytes }: WireKey): Uint8Array {
  const length = ONE_KEY_HEADER + bytes.length
  if (scratch.length < length) scratch = Buffer.alloc(2 * length)
  scratch.writeUInt32LE(handle, 0)
  scratch[4] = kind
  // Copying a short key byte by byte is several times cheaper than set().
  if (bytes.length <= 16)
    for (let i = 0; i < bytes.length; i++) scratch[ONE_KEY_HEADER + i] = bytes[i]!
  else scratch.set(bytes, ONE_KEY_HEADER)
  return scratch.subarray(0, length)
}

export function decodeKeyRequest(request: Uint8Array): { handle: number; key: WireKey } {
  return {
    handle: viewOf(request).getUint32(0, true),
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
  const view = viewOf(bytes)
  if (bytes.length === 4) return view.getUint32(0)
  const high = view.getUint32(0)
  // 42 and 42n are the same key, and numbers are cheaper.
  return high < 0x20_0000 ? high * 2 ** 32 + view.getUint32(4) : view.getBigUint64(0)
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

/** Gives each value to `decode` as a view into the reply. */
export function decodeValues<V>(
  reply: Uint8Array,
  count: number,
  decode: (bytes: Uint8Array) => V,
): (V | undefined)[] {
  const view = viewOf(reply)
  let at = 4 * count
  return Array.from({ length: count }, (_, i) => {
    const length = view.getUint32(4 * i, true)
    if (length === ABSENT) return undefined
    const start = at
    at += length
    return decode(reply.subarray(start, at))
  })
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
