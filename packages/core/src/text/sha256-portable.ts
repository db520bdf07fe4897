import { engineError } from '../errors/error-factories.js'

/**
 * Computes the SHA-256 of bytes, as 64 hexadecimal digits.
 *
 * Errors: SHARD_ENGINE if the platform has no Web Crypto, as in browsers on pages without https.
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { subtle } = globalThis.crypto as {
    readonly subtle: { digest(name: string, bytes: Uint8Array): Promise<ArrayBuffer> } | undefined
  }
  if (subtle === undefined) {
    throw engineError(
      'sha256',
      'shards are checked with Web Crypto, which this page does not have; serve it over https',
    )
  }
  const digest = await subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
