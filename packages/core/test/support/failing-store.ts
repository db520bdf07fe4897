import type { ObjectStore } from '@shardyfusion/core/extend'

type Put = ObjectStore['put']

/** The store with another `put`, which may call the one it replaces. */
export function withPut(
  store: ObjectStore,
  put: (...args: [...Parameters<Put>, put: Put]) => ReturnType<Put>,
): ObjectStore {
  const original: Put = store.put.bind(store)
  return new Proxy(store, {
    get(target, name) {
      if (name === 'put') {
        return (url: string, bytes: Uint8Array, options?: Parameters<Put>[2]) =>
          put(url, bytes, options ?? {}, original)
      }
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** What a put names, by the layout of a snapshot; `note` is what is kept beside the data. */
export function kindOf(url: string): 'pointer' | 'manifest' | 'shard' | 'note' {
  if (url.endsWith('/_CURRENT')) return 'pointer'
  if (/\/runs\/|\/_(?:STARTED|SEALED|TAKEN)$/.test(url)) return 'note'
  return url.includes('/manifests/') ? 'manifest' : 'shard'
}
