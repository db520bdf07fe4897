import { sha256 } from '#node/text/sha256'
import type { ObjectCallOptions, ObjectStore } from '../store/object-store.js'
import { compareSeal } from './compare-seal.js'
import type { ShardSeal } from './shard-seal.js'
import { slateDbGaps } from '../slatedb/slatedb-gaps.js'
import { namesTable } from '../slatedb/slatedb-seal.js'

/** The differences between a shard in storage and its seal. */
export interface ShardInspection {
  /** One text for each object that is missing or changed. */
  readonly problems: readonly string[]
  /** Set if another tool has rewritten the shard, so that the seal no longer applies. */
  readonly rewrittenBy: string | undefined
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Lists the objects below a shard's URL: bytes by path. */
export async function listShard(
  objects: ObjectStore,
  url: string,
  { signal }: CallOptions,
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for await (const object of objects.list(url, { signal }))
    found.set(object.url.slice(url.length + 1), object.bytes)
  return found
}

/**
 * Compares the objects of a shard with its seal: sizes by the listing and, with `content`, every
 * recorded digest.
 */
export async function inspectShard(
  objects: ObjectStore,
  url: string,
  seal: ShardSeal,
  found: ReadonlyMap<string, number>,
  { content = true, ...options }: CallOptions & { readonly content?: boolean } = {},
): Promise<ShardInspection> {
  const { problems, missing, supersededBy } = await compareSeal(seal, found)
  const read = (path: string): Promise<Uint8Array | undefined> =>
    objects.get(`${url}/${path}`, options)
  if (problems.length > 0 && supersededBy !== undefined) {
    const manifest = (await read(supersededBy)) ?? new Uint8Array(0)
    const gone = missing.filter((table) => namesTable(manifest, table))
    if (gone.length > 0)
      return { problems: gone.map((path) => `${path} is missing`), rewrittenBy: undefined }
    return { problems: [], rewrittenBy: supersededBy }
  }
  const changed: string[] = []
  for (const [path, { bytes, sha256: digest }] of Object.entries(seal.objects)) {
    if (!content || digest === undefined || found.get(path) !== bytes) continue
    const stored = await read(path)
    if (stored === undefined || (await sha256(stored)) !== digest)
      changed.push(`${path} has different content`)
  }
  return { problems: [...problems, ...changed], rewrittenBy: undefined }
}

/**
 * Signs that objects of a shard without a seal are missing, one text each.
 *
 * Shape: `undefined` if the objects are not those of a format that allows the check; SlateDB alone does.
 */
export function inspectUnsealed(
  objects: ObjectStore,
  url: string,
  found: ReadonlyMap<string, number>,
  options: ObjectCallOptions,
): Promise<string[] | undefined> {
  return slateDbGaps(objects, url, found, options)
}
