import type { Manifest, ManifestShard } from '@shardyfusion/core/extend'

const FIELD = 'shard_text_keys'
const FORMAT_VERSION = 1

type Range = readonly [min: string | null, max: string | null]

/**
 * Moves text keys of `min_key` and `max_key` into a field of `custom`.
 *
 * The Python project fails on text in these columns: its driver decodes JSONB, and the project parses
 * the result as JSON once more (wire-format §7.5). It ignores unknown fields of `custom`. Keys with
 * U+0000, which JSONB cannot store, are omitted.
 */
export function moveTextKeys(manifest: Manifest): Manifest {
  const ranges: Record<string, Range> = {}
  const entries = manifest.entries.map((entry): ManifestShard => {
    const { id, minKey, maxKey } = entry
    if (typeof minKey !== 'string' && typeof maxKey !== 'string') return entry
    const range: Range = [storable(minKey), storable(maxKey)]
    if (range[0] !== null || range[1] !== null) ranges[id] = range
    return { ...entry, minKey: withoutText(minKey), maxKey: withoutText(maxKey) }
  })
  if (Object.keys(ranges).length === 0) return { ...manifest, entries }
  const field = { format_version: FORMAT_VERSION, shards: ranges }
  return { ...manifest, entries, custom: { ...manifest.custom, [FIELD]: field } }
}

/** The reverse of `moveTextKeys`. */
export function restoreTextKeys(manifest: Manifest): Manifest {
  const { [FIELD]: field, ...custom } = manifest.custom
  const { format_version: version, shards } = (field ?? {}) as {
    format_version?: unknown
    shards?: Readonly<Record<string, unknown>>
  }
  if (version !== FORMAT_VERSION || typeof shards !== 'object' || shards === null) return manifest
  const entries = manifest.entries.map((entry): ManifestShard => {
    const range = shards[entry.id]
    if (entry.url === undefined || !Array.isArray(range)) return entry
    const [min, max] = range as readonly unknown[]
    return { ...entry, minKey: entry.minKey ?? textOf(min), maxKey: entry.maxKey ?? textOf(max) }
  })
  return { ...manifest, entries, custom }
}

function storable(key: ManifestShard['minKey']): string | null {
  return typeof key === 'string' && !key.includes('\0') ? key : null
}

function withoutText(key: ManifestShard['minKey']): bigint | undefined {
  return typeof key === 'string' ? undefined : key
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
