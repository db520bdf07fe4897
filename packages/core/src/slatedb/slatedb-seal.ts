import { sha256 } from '#node/text/sha256'
import { sealFolder } from '../engine/compare-seal.js'
import type { SealedObject, ShardSeal } from '../engine/shard-seal.js'

const MANIFEST = /^manifest\/\d+\.manifest$/
const TABLES = 'compacted'
const TABLE = /^compacted\/([0-9A-HJKMNP-TV-Z]{26})\.sst$/
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * Maximum number of tables that a seal names; for more, it has a digest. A table has up to 64 MiB.
 */
const MAX_NAMED_TABLES = 64

/**
 * Returns the path of the newest manifest among the objects of a SlateDB shard; `undefined` if
 * there is none.
 */
export function newestManifest(paths: Iterable<string>): string | undefined {
  let newest: string | undefined
  for (const path of paths) {
    // Numbers have 20 digits, so their texts sort like the numbers.
    if (MANIFEST.test(path) && (newest === undefined || path > newest)) newest = path
  }
  return newest
}

/**
 * Makes the seal of a SlateDB shard: its newest manifest and the tables that manifest names.
 *
 * Shape: `sizes` maps paths to the bytes of all objects; `bytes` is the content of `manifest`.
 */
export async function sealSlateDb(
  sizes: ReadonlyMap<string, number>,
  manifest: string,
  bytes: Uint8Array,
): Promise<ShardSeal> {
  const sealed: SealedObject = { bytes: bytes.length, sha256: await sha256(bytes) }
  const all = [...sizes.keys()].filter((path) => TABLE.test(path))
  if (all.length > MAX_NAMED_TABLES) {
    const names = all.map((path) => [path.slice(TABLES.length + 1), sizes.get(path)!] as const)
    return {
      objects: { [manifest]: sealed },
      folders: { [TABLES]: await sealFolder(new Map(names)) },
    }
  }
  const named = all.filter((path) => namesTable(bytes, path)).sort((a, b) => (a < b ? -1 : 1))
  const tables = named.map((path): [string, SealedObject] => [path, { bytes: sizes.get(path)! }])
  return { objects: { [manifest]: sealed, ...Object.fromEntries(tables) } }
}

/**
 * Returns true if a SlateDB manifest contains the id of the table.
 *
 * Source: SlateDB `manifest.fbs`: an id is a ULID, two little-endian 64-bit words, the high one
 * first.
 */
export function namesTable(manifest: Uint8Array, path: string): boolean {
  const ulid = TABLE.exec(path)?.[1]
  if (ulid === undefined) return false
  let id = 0n
  for (const digit of ulid) id = (id << 5n) | BigInt(CROCKFORD.indexOf(digit))
  const pattern = new Uint8Array(16)
  const words = new DataView(pattern.buffer)
  words.setBigUint64(0, (id >> 64n) & 0xffff_ffff_ffff_ffffn, true)
  words.setBigUint64(8, id & 0xffff_ffff_ffff_ffffn, true)
  return indexOfBytes(manifest, pattern) !== -1
}

function indexOfBytes(bytes: Uint8Array, pattern: Uint8Array): number {
  for (let at = bytes.indexOf(pattern[0]!); at !== -1; at = bytes.indexOf(pattern[0]!, at + 1)) {
    let i = 1
    while (i < pattern.length && bytes[at + i] === pattern[i]) i++
    if (i === pattern.length) return at
  }
  return -1
}
