import { createHash } from 'node:crypto'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { golden, vectors } from './golden.js'

export interface ReferenceKey {
  readonly type: 'int' | 'bytes' | 'str'
  readonly value: string
}

/** One snapshot the reference wrote, and what it answers. */
export interface ReferenceSnapshot {
  readonly s3_prefix: string
  readonly num_dbs: number
  readonly run_id: string
  readonly manifest_ref: string
  readonly rows: readonly { readonly key: ReferenceKey; readonly value_hex: string }[]
  readonly missing: readonly ReferenceKey[]
}

interface Bucket {
  readonly objects: readonly { readonly key: string; readonly sha256: string }[]
  readonly snapshots: Readonly<Record<string, ReferenceSnapshot>>
}

const bucket = vectors<Bucket>('bucket_fixture')

/** The snapshots that can be looked up by key, by name. */
export const referenceSnapshots: ReadonlyMap<string, ReferenceSnapshot> = new Map(
  Object.entries(bucket.snapshots).filter(([, { rows }]) => rows !== undefined),
)

export function referenceKey({ type, value }: ReferenceKey): bigint | string | Uint8Array {
  if (type === 'int') return BigInt(value)
  return type === 'str' ? value : new Uint8Array(Buffer.from(value, 'hex'))
}

/** Puts a reference snapshot below `prefix`, byte for byte, as copying its bucket there would. */
export async function copyReference(
  name: string,
  objects: ObjectStore,
  prefix: string,
): Promise<void> {
  for (const { key, sha256 } of bucket.objects) {
    if (!key.startsWith(`${name}/`)) continue
    const bytes = golden(`bucket/${flat(key)}`)
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new Error(`the golden file of ${key} is not what the reference wrote`)
    await objects.put(`${prefix}/${key.slice(name.length + 1)}`, bytes)
  }
}

/** Where the golden data has an object: without the folders that have ":" in their names. */
function flat(key: string): string {
  const [name, folder, ...rest] = key.split('/')
  if (folder === 'manifests' || folder === 'runs') return `${name}/${rest.at(-1)}`
  if (folder === 'shards') return `${name}/shards/${rest[1]}/${rest.at(-1)}`
  return key
}
