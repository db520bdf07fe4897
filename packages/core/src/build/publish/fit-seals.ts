import { encodeSeal } from '../../snapshot/manifest/seal-text.js'
import type { ShardSeal } from '../../engine/shard-seal.js'

/** Maximum text of all seals, in characters; readers refuse a `custom` of more than 8 MiB. */
const MAX_SEALS_LENGTH = 4 * 1024 * 1024

export interface FittedSeals {
  /** As `encodeSeal` writes them, by shard. */
  readonly seals: ReadonlyMap<number, string>
  /** The part that was omitted. */
  readonly leftOut: 'nothing' | 'objects without a digest' | 'all'
}

/** Fits the seals into a manifest: without tables if necessary, or none at all. */
export function fitSeals(
  seals: ReadonlyMap<number, ShardSeal>,
  maxLength = MAX_SEALS_LENGTH,
): FittedSeals {
  const whole = encodeSeals(seals, (seal) => seal)
  if (lengthOf(whole) <= maxLength) return { seals: whole, leftOut: 'nothing' }
  const short = encodeSeals(seals, withDigests)
  return lengthOf(short) <= maxLength
    ? { seals: short, leftOut: 'objects without a digest' }
    : { seals: new Map(), leftOut: 'all' }
}

/** Returns only the objects with a digest: these determine the others, but not their sizes. */
function withDigests({ objects, keys }: ShardSeal): ShardSeal {
  const kept = Object.entries(objects).filter(([, { sha256 }]) => sha256 !== undefined)
  return { objects: Object.fromEntries(kept), keys }
}

function encodeSeals(
  seals: ReadonlyMap<number, ShardSeal>,
  shorten: (seal: ShardSeal) => ShardSeal,
): Map<number, string> {
  return new Map(Array.from(seals, ([id, seal]) => [id, encodeSeal(shorten(seal))]))
}

function lengthOf(seals: ReadonlyMap<number, string>): number {
  let length = 0
  for (const seal of seals.values()) length += seal.length + 1
  return length
}
