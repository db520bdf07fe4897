import { readFileSync } from 'node:fs'

const ROOT = new URL('../../test/golden/', import.meta.url)

/** The bytes of a file below `test/golden/`. */
export function golden(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, ROOT)))
}

/** One subject of `vectors.json`; its shape is the caller's to know. */
export function vectors<T>(subject: string): T {
  return (JSON.parse(new TextDecoder().decode(golden('vectors.json'))) as Record<string, T>)[
    subject
  ]!
}
