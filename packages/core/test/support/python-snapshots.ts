import type { Key, RoutingContext } from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { golden } from './golden.js'

/** A value as its hex digits, or the text that SQLite has in its place. */
type ExpectedValue = string | { readonly sqlite_text: string }

interface Expected {
  readonly objects: readonly (readonly [key: string, bytes: number, contentType: string])[]
  readonly info: { readonly num_dbs: number; readonly row_count: number; readonly run_id: string }
  readonly keys: readonly {
    readonly key: string
    readonly db_id: number
    readonly value: ExpectedValue
    readonly context?: RoutingContext
  }[]
  readonly absent: readonly (string | { readonly key: string; readonly context?: RoutingContext })[]
}

/** Snapshots that the Python project wrote with its SQLite engine. */
export const SQLITE_SNAPSHOTS = [
  'kv-sqlite-multi',
  'kv-sqlite-raw-text',
  'kv-sqlite-u32-auto',
  'kv-sqlite-u64',
  'kv-sqlite-utf8-cel',
] as const

/** The answers of the Python project. */
export interface PythonAnswers {
  readonly shards: number
  readonly runId: string
  /** The last write of each key; `undefined` for keys that do not exist. */
  readonly rows: readonly {
    readonly key: Key
    readonly context: RoutingContext | undefined
    readonly shard: number | undefined
    readonly value: string | undefined
  }[]
}

export function pythonAnswers(name: string): PythonAnswers {
  const { info, keys, absent } = expectedOf(name)
  const rows = keys.map(({ key, db_id: shard, value, context }) => {
    const hex = typeof value === 'string' ? value : Buffer.from(value.sqlite_text).toString('hex')
    return { key: untag(key), context, shard, value: hex }
  })
  const missing = absent.map((one) => {
    const { key, context } = typeof one === 'string' ? { key: one, context: undefined } : one
    return { key: untag(key), context, shard: undefined, value: undefined }
  })
  return { shards: info.num_dbs, runId: info.run_id, rows: [...rows, ...missing] }
}

/** Puts a snapshot below `prefix`, byte for byte, as copying its bucket there would. */
export async function copyPythonSnapshot(
  name: string,
  objects: ObjectStore,
  prefix: string,
): Promise<void> {
  for (const [key] of expectedOf(name).objects) {
    // Names with ":" cannot be checked out everywhere.
    const bytes = golden(`engines/${name}/${key.replaceAll(':', '-')}`)
    await objects.put(`${prefix}/${key}`, bytes)
  }
}

function expectedOf(name: string): Expected {
  const json = golden(`engines/${name}/expected.json`)
  return JSON.parse(new TextDecoder().decode(json)) as Expected
}

function untag(tagged: string): Key {
  const value = tagged.slice(2)
  if (tagged.startsWith('i:')) return BigInt(value)
  return tagged.startsWith('s:') ? value : new Uint8Array(Buffer.from(value, 'hex'))
}
