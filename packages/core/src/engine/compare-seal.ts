import { sha256 } from '#node/text/sha256'
import type { ShardyfusionError } from '../errors.js'
import { engineError } from '../errors/error-factories.js'
import type { SealedFolder, ShardSeal } from './shard-seal.js'

/** The differences between a shard's objects and its seal. */
export interface SealComparison {
  /**
   * One text for each object or folder that is missing or has a different size, such as `a/b.sst is
   * missing`.
   */
  readonly problems: readonly string[]
  /** Paths of the objects that are missing. */
  readonly missing: readonly string[]
  /** The object by which another tool has rewritten the shard since; see `SealedObject.sha256`. */
  readonly supersededBy: string | undefined
}

const NUMBERED = /^(.*\/)?(\d+)(\.[a-z]+)$/

/** Maximum number of objects named in a message. */
const MAX_NAMED = 3

/**
 * Compares the sealed objects with the existing ones, by path relative to the shard.
 *
 * Further objects are allowed: engines leave old manifests, logs and tables that no manifest names.
 */
export async function compareSeal(
  seal: ShardSeal,
  found: ReadonlyMap<string, number>,
): Promise<SealComparison> {
  const problems: string[] = []
  const missing: string[] = []
  let supersededBy: string | undefined
  for (const [path, { bytes, sha256: digest }] of Object.entries(seal.objects)) {
    const size = found.get(path)
    if (size === undefined) {
      missing.push(path)
      problems.push(`${path} is missing`)
    } else if (size !== bytes) problems.push(`${path} has ${size} bytes instead of ${bytes}`)
    if (digest !== undefined) supersededBy ??= laterThan(path, found)
  }
  for (const [path, folder] of Object.entries(seal.folders ?? {})) {
    const problem = await compareFolder(path, folder, found)
    if (problem !== undefined) problems.push(problem)
  }
  return { problems, missing, supersededBy }
}

/** Computes the digest of a folder's objects, see `SealedFolder`; `sizes` maps names to bytes. */
export async function sealFolder(sizes: ReadonlyMap<string, number>): Promise<SealedFolder> {
  const names = [...sizes.keys()].sort((a, b) => (a < b ? -1 : 1))
  let bytes = 0
  let lines = ''
  for (const name of names) {
    const size = sizes.get(name)!
    bytes += size
    lines += `${name} ${size}\n`
  }
  return { count: names.length, bytes, sha256: await sha256(new TextEncoder().encode(lines)) }
}

/** Makes the error of a shard that differs from its seal; retrying does not help. */
export function damagedShard(
  where: string,
  url: string,
  problems: readonly string[],
): ShardyfusionError {
  const more = problems.length > MAX_NAMED ? `; and ${problems.length - MAX_NAMED} more` : ''
  return engineError(
    where,
    `damaged: the shard ${url} differs from its seal: ${problems.slice(0, MAX_NAMED).join('; ')}${more}; ` +
      'restore it from a copy, roll back to another snapshot, or build it again',
    { details: { url, damaged: true, problems: problems.slice(0, 20) } },
  )
}

async function compareFolder(
  path: string,
  sealed: SealedFolder,
  found: ReadonlyMap<string, number>,
): Promise<string | undefined> {
  const sizes = new Map<string, number>()
  for (const [at, bytes] of found) {
    if (at.startsWith(`${path}/`)) sizes.set(at.slice(path.length + 1), bytes)
  }
  const there = await sealFolder(sizes)
  if (there.sha256 === sealed.sha256) return undefined
  // Objects that another tool added cannot be distinguished from sealed ones; missing objects can
  // be detected.
  if (there.count > sealed.count && there.bytes >= sealed.bytes) return undefined
  return (
    `${path}/ has ${there.count} objects of ${there.bytes} bytes instead of ${sealed.count} of ${sealed.bytes} bytes` +
    (there.count === sealed.count && there.bytes === sealed.bytes ? ' (others)' : '')
  )
}

/** Returns the last object of the same numbered series, if it comes after `path`. */
function laterThan(path: string, found: ReadonlyMap<string, number>): string | undefined {
  const parts = NUMBERED.exec(path)
  if (parts === null) return undefined
  const [, folder = '', number = '', ending = ''] = parts
  let last: string | undefined
  let lastNumber = withoutZeros(number)
  for (const candidate of found.keys()) {
    if (!candidate.startsWith(folder) || !candidate.endsWith(ending) || candidate === path) continue
    const other = NUMBERED.exec(candidate)
    if (other === null || (other[1] ?? '') !== folder || other[3] !== ending) continue
    const otherNumber = withoutZeros(other[2]!)
    if (!isGreater(otherNumber, lastNumber)) continue
    lastNumber = otherNumber
    last = candidate
  }
  return last
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+/, '')
}

function isGreater(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length
}
