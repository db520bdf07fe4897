const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.abs(Math.sin(i + 1)) * 2 ** 32)

/**
 * Returns the MD5 of bytes (RFC 1321), which `Content-MD5` contains. It detects damage, not
 * forgery.
 *
 * WebCrypto has no MD5, and neither has Node in FIPS mode.
 */
export function md5(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476)
  const words = new Int32Array(16)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length - (bytes.length % 64)
  for (let at = 0; at < whole; at += 64) addBlock(state, words, view, at)
  // The rest, a bit, zeros up to the end of a block, and the number of bits.
  const rest = bytes.length - whole
  const tail = new Uint8Array(rest < 56 ? 64 : 128)
  tail.set(bytes.subarray(whole))
  tail[rest] = 0x80
  const last = new DataView(tail.buffer)
  last.setBigUint64(tail.length - 8, BigInt(bytes.length) * 8n, true)
  for (let at = 0; at < tail.length; at += 64) addBlock(state, words, last, at)
  const digest = new DataView(new ArrayBuffer(16))
  state.forEach((word, i) => digest.setInt32(4 * i, word, true))
  return new Uint8Array(digest.buffer)
}

function addBlock(state: Int32Array, words: Int32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i, true)
  let [a, b, c, d] = state as unknown as [number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const round = i >> 4
    let mixed: number
    let from: number
    if (round === 0) [mixed, from] = [(b & c) | (~b & d), i]
    else if (round === 1) [mixed, from] = [(d & b) | (~d & c), 5 * i + 1]
    else if (round === 2) [mixed, from] = [b ^ c ^ d, 3 * i + 5]
    else [mixed, from] = [c ^ (b | ~d), 7 * i]
    const sum = (a + mixed + SINES[i]! + words[from & 15]!) | 0
    const by = SHIFTS[round]![i & 3]!
    a = d
    d = c
    c = b
    b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
}
