import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MemoryStore, type RoutingContext } from '@shardyfusion/core'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { copyGoldenFolder } from '@shardyfusion/test-support/copy-golden-folder'

const GOLDEN = fileURLToPath(new URL('../../test/golden/', import.meta.url))

export interface GoldenSearch {
  readonly query: readonly number[]
  readonly top_k: number
  readonly num_probes?: number
  readonly shard_ids?: readonly number[]
  readonly routing_context?: Readonly<Record<string, number | string | { readonly bytes: string }>>
  readonly num_shards_queried: number
  /** Set if its own reader refused the search. */
  readonly error?: string
  readonly results: readonly {
    readonly id: string
    readonly score: number
    readonly payload: unknown
  }[]
  /** By computing all distances with the metric of the manifest; null if not recorded. */
  readonly exact: readonly { readonly id: string | number; readonly distance: number }[] | null
}

export interface Expected {
  readonly kind: 'vector' | 'unified'
  readonly keys?: readonly {
    readonly key: string
    readonly value: string
    readonly context?: Readonly<Record<string, string>>
  }[]
  readonly searches: readonly GoldenSearch[]
}

/** The names of the snapshots, such as `lv-cel`. */
export function goldenNames(): string[] {
  return readdirSync(GOLDEN).filter((name) => /^(lv|ul)-/.test(name))
}

export function goldenExpected(name: string): Expected {
  return JSON.parse(readFileSync(join(GOLDEN, name, 'expected.json'), 'utf8')) as Expected
}

/** The column values of a search, as this SDK takes them. */
export function contextOf({ routing_context: context }: GoldenSearch): RoutingContext | undefined {
  if (context === undefined) return undefined
  const columns = Object.entries(context).map(([name, value]) => [
    name,
    typeof value === 'object' ? Buffer.from(value.bytes, 'hex') : value,
  ])
  return Object.fromEntries(columns) as RoutingContext
}

/** Copies a snapshot of the Python project to a prefix. */
export function copyGolden(name: string, objects: ObjectStore, prefix: string): Promise<void> {
  return copyGoldenFolder(join(GOLDEN, name), objects, prefix)
}

/** A snapshot of the Python project in a store of its own. */
export async function goldenInMemory(name: string) {
  const objects = new MemoryStore()
  const prefix = `memory://golden/${name}`
  await copyGolden(name, objects, prefix)
  return { objects, prefix, shardUrls: 'rebase' as const }
}
