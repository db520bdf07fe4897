/** Errors: TypeError in pages without TLS, which have no cryptography. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const { subtle } = secure()
  return new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}

export async function hmacSha256(key: Uint8Array, text: string): Promise<Uint8Array> {
  const { subtle } = secure()
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const raw = key as Uint8Array<ArrayBuffer>
  const imported = await subtle.importKey('raw', raw, hmac, false, ['sign'])
  return new Uint8Array(await subtle.sign('HMAC', imported, new TextEncoder().encode(text)))
}

function secure(): typeof crypto {
  // Pages without TLS have no `subtle`.
  const found = globalThis.crypto as { subtle?: unknown } | undefined
  if (found?.subtle !== undefined) return crypto
  throw new TypeError(
    'requests can be signed in pages with TLS only, or on localhost; use https://, or s3.credentials: "none"',
  )
}
