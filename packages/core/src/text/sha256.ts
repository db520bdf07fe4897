import type * as Crypto from 'node:crypto'

let crypto: typeof Crypto | undefined

/** Computes the SHA-256 of bytes, as 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // Loaded at the first use, because it takes several milliseconds. An import would load Web Crypto, too.
  crypto ??= process.getBuiltinModule('node:crypto')
  // From Node 20.12 on. It needs no stream, which costs several times the digest of a few hundred
  // bytes.
  const { hash } = crypto as Partial<typeof crypto>
  return hash === undefined
    ? crypto.createHash('sha256').update(bytes).digest('hex')
    : hash('sha256', bytes)
}
