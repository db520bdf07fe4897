import type { ObjectStore } from '../store/object-store.js'
import { interceptStore, type StoreCall } from './intercept-store.js'

/** Calls of a store by kind, and what they moved. */
export interface StoreCounts {
  /** Calls by operation; those that failed count too. */
  readonly calls: Readonly<Record<StoreCall['operation'], number>>
  /** Requests by what object storage charges for them: reads (GET, HEAD), writes and lists, deletions. */
  readonly requests: { readonly read: number; readonly write: number; readonly delete: number }
  readonly bytesRead: number
  readonly bytesWritten: number
}

export interface StoreCounter<S extends ObjectStore> {
  /** The store to hand to readers and writers. */
  readonly store: S
  /** What has been counted since the beginning or the last reset. */
  counts(): StoreCounts
  reset(): void
}

/** Names S3 gives in one answer to a list, and takes in one request to delete. */
const PAGE = 1000

/**
 * Counts the calls of a store, such as the requests a build or a lookup costs.
 *
 * Requests are those S3 would see: a list is one for each thousand objects, a `deletePrefix` the list and one deletion
 * for each thousand. Retries within the store are not seen; engines that do not go through `objects` neither.
 */
export function countStore<S extends ObjectStore>(store: S): StoreCounter<S> {
  let counts = nothing()
  const counted = interceptStore(store, {
    before({ operation, bytes }) {
      counts.calls[operation]++
      counts.bytesWritten += bytes
      if (operation === 'get' || operation === 'head') counts.requests.read++
      else if (operation === 'delete') counts.requests.delete++
      else if (operation !== 'sync') counts.requests.write++
    },
    after({ operation }, { bytes, objects }) {
      counts.bytesRead += bytes
      const isList = operation === 'list' || operation === 'listPrefixes'
      // The first page was counted before.
      if (isList || operation === 'deletePrefix') {
        counts.requests.write += Math.max(0, Math.ceil(objects / PAGE) - 1)
      }
      if (operation === 'deletePrefix') counts.requests.delete += Math.ceil(objects / PAGE)
    },
  })
  return {
    store: counted,
    counts: () => ({ ...counts, calls: { ...counts.calls }, requests: { ...counts.requests } }),
    reset: () => {
      counts = nothing()
    },
  }
}

function nothing() {
  return {
    calls: {
      get: 0,
      head: 0,
      put: 0,
      list: 0,
      listPrefixes: 0,
      delete: 0,
      deletePrefix: 0,
      sync: 0,
    },
    requests: { read: 0, write: 0, delete: 0 },
    bytesRead: 0,
    bytesWritten: 0,
  }
}
