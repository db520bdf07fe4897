import type { SealedFolder, SealedObject, ShardSeal } from '../../engine/shard-seal.js'

/**
 * Maximum number of objects and folders of one shard; an engine names 64 tables, and uses folders
 * for more.
 */
const MAX_PARTS = 1000

const DIGEST_LENGTH = 64

/**
 * Encodes a seal for manifests and attempt results: one text, which is cheap to skip and is decoded
 * when its shard opens.
 *
 * Shape: parts separated by spaces. An object is `<path>:<bytes>` or `<path>:<bytes>:<sha256>`, a
 * folder is `<path>:<count>:<bytes>:<sha256>`, the number of keys is `:<keys>`. Paths are
 * percent-encoded UTF-8: the result is ASCII without control characters, quotes, backslashes and
 * semicolons.
 */
export function encodeSeal({ objects, folders = {}, keys }: ShardSeal): string {
  const parts: string[] = []
  for (const [path, { bytes, sha256 }] of Object.entries(objects))
    parts.push(`${encodePath(path)}:${bytes}${sha256 === undefined ? '' : `:${sha256}`}`)
  for (const [path, { count, bytes, sha256 }] of Object.entries(folders))
    parts.push(`${encodePath(path)}:${count}:${bytes}:${sha256}`)
  if (keys !== undefined) parts.push(`:${keys}`)
  return parts.join(' ')
}

/**
 * The reverse. Of a digest, only the length is checked, because a wrong digest matches no object.
 *
 * Errors: TypeError naming the malformed part.
 */
export function decodeSeal(text: string): ShardSeal {
  // No patterns and spreads: the first lookup in a shard waits for this code, which is not compiled
  // yet.
  const objects: Record<string, SealedObject> = {}
  const folders: Record<string, SealedFolder> = {}
  let hasFolders = false
  let keys: number | undefined
  const parts = text === '' ? [] : text.split(' ')
  if (parts.length > MAX_PARTS)
    throw new TypeError(`must have at most ${MAX_PARTS} parts, got ${parts.length}`)
  for (let i = 0; i < parts.length; i++) {
    const fields = parts[i]!.split(':')
    const path = decodePath(fields[0]!)
    const first = readCount(fields[1])
    if (path === undefined || first === undefined) throw malformed(i)
    if (path === '') {
      if (fields.length > 2) throw malformed(i)
      keys = first
    } else if (fields.length === 2) objects[path] = { bytes: first }
    else if (fields.length === 3)
      objects[path] = { bytes: first, sha256: readDigest(fields[2]!, i) }
    else {
      const bytes = readCount(fields[2])
      if (bytes === undefined || fields.length > 4) throw malformed(i)
      folders[path] = { count: first, bytes, sha256: readDigest(fields[3]!, i) }
      hasFolders = true
    }
  }
  const seal: { -readonly [K in keyof ShardSeal]: ShardSeal[K] } = { objects }
  if (hasFolders) seal.folders = folders
  if (keys !== undefined) seal.keys = keys
  return seal
}

function malformed(part: number): TypeError {
  return new TypeError(
    `part ${part + 1} must be "path:bytes", "path:bytes:sha256", "path:count:bytes:sha256" or ":keys"`,
  )
}

function encodePath(path: string): string {
  return encodeURIComponent(path).replaceAll('%2F', '/')
}

/**
 * The path is only compared with paths of a listing and never opened, so any other text is
 * harmless.
 */
function decodePath(encoded: string): string | undefined {
  // A name that sets a plain object's prototype is the path of no object.
  if (encoded.startsWith('/') || encoded === '__proto__') return undefined
  if (!encoded.includes('%')) return encoded
  try {
    const path = decodeURIComponent(encoded)
    return path === '__proto__' ? undefined : path
  } catch {
    return undefined
  }
}

function readCount(digits: string | undefined): number | undefined {
  const count = Number(digits)
  return Number.isSafeInteger(count) && count >= 0 && String(count) === digits ? count : undefined
}

function readDigest(digest: string, part: number): string {
  if (digest.length !== DIGEST_LENGTH) throw malformed(part)
  return digest
}
