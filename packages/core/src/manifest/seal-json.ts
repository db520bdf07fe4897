import type { SealedFolder, SealedObject, ShardSeal } from '../engine/shard-seal.js'
import { toInteger } from '../util/lenient-integer.js'
import { isObject, type JsonValue } from './lossless-json.js'

/** Objects and folders of one shard at most; an engine names 64 tables, and folders beyond. */
const MAX_ENTRIES = 1000

/**
 * A seal as manifests and attempt results hold it.
 *
 * Shape: `{ "objects": { "<path>": <bytes> | [<bytes>, "<sha256>"] }, "folders": { "<path>": [<count>, <bytes>,
 * "<sha256>"] }, "keys": <count> }`; `folders` and `keys` may be left out.
 */
export function sealToJson(seal: ShardSeal): Record<string, JsonValue> {
  const { objects, folders, keys } = seal
  return {
    objects: mapValues(objects, ({ bytes, sha256 }) =>
      sha256 === undefined ? bytes : [bytes, sha256],
    ),
    ...(folders && {
      folders: mapValues(folders, ({ count, bytes, sha256 }) => [count, bytes, sha256]),
    }),
    ...(keys !== undefined && { keys }),
  }
}

/** Errors: TypeError saying which part is not as `sealToJson` writes it. */
export function sealFromJson(json: JsonValue): ShardSeal {
  if (!isObject(json)) throw new TypeError('must be an object')
  const { objects = {}, folders, keys } = json
  return {
    objects: readMap(objects, 'objects', readObject),
    ...(folders !== undefined && { folders: readMap(folders, 'folders', readFolder) }),
    ...(keys !== undefined && { keys: readCount(keys, 'keys') }),
  }
}

function readObject(json: JsonValue, name: string): SealedObject {
  if (!Array.isArray(json)) return { bytes: readCount(json, name) }
  const [bytes, sha256, ...more] = json
  if (more.length > 0) throw new TypeError(`${name} must be bytes, or bytes and a digest`)
  return { bytes: readCount(bytes, name), sha256: readDigest(sha256, name) }
}

function readFolder(json: JsonValue, name: string): SealedFolder {
  if (!Array.isArray(json) || json.length !== 3)
    throw new TypeError(`${name} must be count, bytes and a digest`)
  const [count, bytes, sha256] = json
  return {
    count: readCount(count, name),
    bytes: readCount(bytes, name),
    sha256: readDigest(sha256, name),
  }
}

function readMap<T>(
  json: JsonValue,
  name: string,
  read: (value: JsonValue, name: string) => T,
): Readonly<Record<string, T>> {
  if (!isObject(json)) throw new TypeError(`${name} must be an object`)
  const entries = Object.entries(json)
  if (entries.length > MAX_ENTRIES)
    throw new TypeError(`${name} must have at most ${MAX_ENTRIES} members, got ${entries.length}`)
  return Object.fromEntries(
    entries.map(([path, value]) => {
      // Compared with paths of a listing and never opened, so that any text would do no harm.
      if (path === '' || path.startsWith('/')) throw new TypeError(`${name} has a path ${path}`)
      return [path, read(value, `${name}.${path}`)]
    }),
  )
}

function readCount(json: JsonValue | undefined, name: string): number {
  const integer = toInteger(json)
  if (integer === undefined || integer < 0 || integer > Number.MAX_SAFE_INTEGER)
    throw new TypeError(`${name} must be an integer of 0 or more`)
  return Number(integer)
}

function readDigest(json: JsonValue | undefined, name: string): string {
  if (typeof json === 'string' && /^[0-9a-f]{64}$/.test(json)) return json
  throw new TypeError(`${name} must have a SHA-256 of 64 hexadecimal digits`)
}

function mapValues<T>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => JsonValue,
): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
}
