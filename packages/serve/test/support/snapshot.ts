import { randomUUID } from 'node:crypto'
import { type KeyEncoding, type ShardingOption, writeSnapshot } from '@shardyfusion/core'

export interface Rows {
  readonly keyEncoding?: KeyEncoding
  readonly sharding?: ShardingOption
  readonly rows: Iterable<
    readonly [key: bigint | number | string | Uint8Array, value: string | Uint8Array]
  >
}

/** Returns a prefix in memory that nothing else uses. */
export function memoryPrefix(): string {
  return `memory://serve-${randomUUID()}/snap`
}

/** Publishes rows at a prefix. */
export async function publish(
  prefix: string,
  { rows, keyEncoding, sharding }: Rows,
): Promise<void> {
  const records = [...rows].map(([key, value]) => ({ key, value: Buffer.from(value) }))
  await writeSnapshot(records, {
    prefix,
    keyEncoding,
    sharding: sharding ?? { shards: 3 },
    key: 'key',
    value: 'value',
  })
}

/** Publishes rows at a new prefix in memory. */
export async function published(rows: Rows): Promise<string> {
  const prefix = memoryPrefix()
  await publish(prefix, rows)
  return prefix
}

/** Rows with the integer keys from 0 on, each with its value `value-<key>`. */
export function numbered(count: number, word = 'value'): [number, string][] {
  return Array.from({ length: count }, (_, i) => [i, `${word}-${i}`])
}
