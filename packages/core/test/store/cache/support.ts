import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { cachedStore, type CachedStore, type ObjectStore } from '@shardyfusion/core/extend'
import { countStore, type StoreCounter } from '@shardyfusion/core/testing'

export const ATTEMPT = 'memory://s/shards/run_id=r/db=00000/attempt=00'

export function someBytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 255)
}

/** Opens a cache over a store, as another process would; closed with the test. */
export function openCached(
  t: TestContext,
  base: ObjectStore,
  folder: string,
  maxBytes?: number,
): StoreCounter<ObjectStore> & { cached: ObjectStore & CachedStore } {
  const counter = countStore(base)
  const cached = cachedStore(counter.store, { folder, maxBytes })
  t.after(() => cached.close())
  return { ...counter, cached }
}

/** A store with one object of an attempt. */
export async function storeWith(bytes: Uint8Array, name = 'table'): Promise<MemoryStore> {
  const store = new MemoryStore()
  await store.put(`${ATTEMPT}/${name}`, bytes)
  return store
}

/** The files of a cache, without unfinished ones. */
export function cacheFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('tmp'))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Makes a folder that is removed at the end of the process: caches that tests close write until then. */
export function cacheFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardyfusion-cache-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
