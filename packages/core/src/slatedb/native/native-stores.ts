import type { ObjectStore } from '@slatedb/uniffi'
import { type Environment, withEnvironment } from '../../store/environment/environment.js'
import type { Binding } from './binding.js'

// Each resolve of a memory URL makes a new store, so the store of a name is cached for the life of
// the process.
const memoryStores = new Map<string, ObjectStore>()

/**
 * A resolved store and the path of the database in it; call `release` after the database is open.
 */
export interface ResolvedStore {
  readonly store: ObjectStore
  readonly path: string
  release(): void
}

/** Resolves a shard URL to the binding's store; `env` is set only during this call. */
export function resolveStore(
  binding: Binding,
  url: string,
  env: Environment | undefined,
): ResolvedStore {
  const memory = /^memory:\/\/([^/]+)\/?(.*)$/.exec(url)
  if (memory !== null) {
    const [, name = '', path = ''] = memory
    let store = memoryStores.get(name)
    if (store === undefined) {
      store = binding.ObjectStore.resolve('memory:///')
      memoryStores.set(name, store)
    }
    return { store, path, release: () => {} }
  }
  const store = withEnvironment(env, () => binding.ObjectStore.resolve(url))
  // The wire format puts the database at the URL itself.
  return { store, path: '', release: () => store.dispose() }
}
