import type { SealedFolder, SealedObject, ShardSeal } from '../../engine/shard-seal.js'

/**
 * Maximum number of objects and folders of one shard; an engine names 64 tables, and uses folders
 * for more.
 */
const MAX_PARTS = 1000

const PART = /^([^:]*):(\d{1,16})(?::(\d{1,16}))?(?::([0-9a-f]{64}))?$/

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

/** Decodes the text of `encodeSeal`. Errors: TypeError naming the malformed part. */
export function decodeSeal(text: string): ShardSeal {
  const objects = new Map<string, SealedObject>()
  const folders = new Map<string, SealedFolder>()
  let keys: number | undefined
  const parts = text === '' ? [] : text.split(' ')
  if (parts.length > MAX_PARTS)
    throw new TypeError(`must have at most ${MAX_PARTS} parts, got ${parts.length}`)
  for (const [i, part] of parts.entries()) {
    const [, encoded = '', first = '', second, sha256] = PART.exec(part) ?? refuse(i)
    const path = decodePath(encoded) ?? refuse(i)
    const number = readCount(first) ?? refuse(i)
    if (second !== undefined) {
      const bytes = readCount(second) ?? refuse(i)
      if (path === '' || sha256 === undefined) refuse(i)
      folders.set(path, { count: number, bytes, sha256: sha256! })
    } else if (path !== '') {
      objects.set(path, sha256 === undefined ? { bytes: number } : { bytes: number, sha256 })
    } else if (sha256 === undefined) keys = number
    else refuse(i)
  }
  return {
    objects: Object.fromEntries(objects),
    ...(folders.size > 0 && { folders: Object.fromEntries(folders) }),
    ...(keys !== undefined && { keys }),
  }
}

function refuse(part: number): never {
  throw new TypeError(
    `part ${part + 1} must be "path:bytes", "path:bytes:sha256", "path:count:bytes:sha256" or ":keys"`,
  )
}

function encodePath(path: string): string {
  return encodeURIComponent(path).replaceAll('%2F', '/')
}

/** The path is only compared with paths of a listing and never opened, so any text is harmless. */
function decodePath(encoded: string): string | undefined {
  if (encoded.startsWith('/')) return undefined
  if (!encoded.includes('%')) return encoded
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

function readCount(digits: string): number | undefined {
  const count = Number(digits)
  return Number.isSafeInteger(count) ? count : undefined
}
