// Looks up one key, with a store that a module names.
import type { ObjectStore } from '@shardyfusion/core/extend'
import { SnapshotReaderSync } from '@shardyfusion/sync'

/** A store that only the worker makes. */
async function storeOf(module: string): Promise<ObjectStore> {
  // Loads native code, which a process without permissions may not.
  const { MemoryStore } = await import('@shardyfusion/core')
  const origin = { module, export: 'makeStore', options: { prefix } }
  return Object.assign(new MemoryStore(), { origin })
}

const [prefix, module] = process.argv.slice(2) as [string, string | undefined]
try {
  using reader = SnapshotReaderSync.open({
    prefix,
    values: 'utf8',
    ...(module === undefined ? {} : { objects: await storeOf(module) }),
  })
  console.log(reader.get(42))
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  console.log(`${code} ${message}`)
}
