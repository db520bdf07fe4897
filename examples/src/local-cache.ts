// The snippets about the local cache: packages/core/README.md and docs/cache.md.
import { openObjectStore, SnapshotReader } from '@shardyfusion/core'
import { cachedStore } from '@shardyfusion/core/extend'

export async function lookUp(prefix: string, folder: string): Promise<string | undefined> {
  // #region option
  await using reader = await SnapshotReader.open({
    prefix,
    values: 'utf8',
    cache: { folder, maxBytes: 10 * 1024 ** 3 },
  })
  const value = await reader.get(42)
  const { hits, misses } = reader.health().cache!
  // #endregion
  return value && `${value}, ${misses} of ${hits + misses} reads from storage`
}

export async function share(prefix: string, folder: string, keys: readonly number[]) {
  // #region store
  const objects = cachedStore(await openObjectStore(prefix), { folder })
  try {
    await using reader = await SnapshotReader.open({ prefix, objects })
    return await reader.getMany(keys)
  } finally {
    await objects.close()
  }
  // #endregion
}
