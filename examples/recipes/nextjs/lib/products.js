import { SnapshotReader } from '@shardyfusion/core'

// The development server loads this module again after each change; the reader must not open again.
const shared = (globalThis.products ??= {})

/** The reader of this process, which follows publications. */
export function products() {
  shared.opening ??= SnapshotReader.open({
    prefix: process.env.PREFIX,
    values: 'json',
    autoRefresh: { everyMs: 60_000, onError: (error) => console.error(error) },
  }).catch((error) => {
    delete shared.opening
    throw error
  })
  return shared.opening
}
