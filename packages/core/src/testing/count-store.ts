import type { ObjectStore } from '../store/object-store.js'
import { uploadRequests } from '../store/upload/upload-parts.js'
import { interceptStore, type StoreCall } from './intercept-store.js'

/** Calls of a store by kind, and the bytes they moved. */
export interface StoreCounts {
  /** Calls by operation, including failed ones. */
  readonly calls: Readonly<Record<StoreCall['operation'], number>>
  /**
   * Requests by the categories that object storage charges for: reads (GET, HEAD), writes and
   * lists, deletions.
   */
  readonly requests: { readonly read: number; readonly write: number; readonly delete: number }
  /** Bytes that were read. */
  readonly bytesRead: number
  /** Bytes that were written. */
  readonly bytesWritten: number
}

/** A store that counts its calls. */
export interface StoreCounter<S extends ObjectStore> {
  /** The store to pass to readers and writers. */
  readonly store: S
  /** Returns the counts since the start or the last reset. */
  counts(): StoreCounts
  /** Sets all counts to 0. */
  reset(): void
}

const WRITES = new Set<StoreCall['operation']>(['put', 'list', 'listPrefixes', 'deletePrefix'])
/** Names in one list response of S3, and in one of its delete requests. */
const PAGE = 1000

/**
 * Counts the calls of a store, such as the requests of a build or a lookup.
 *
 * Counts requests as S3 would see them: a list is one for each thousand objects, a `deletePrefix`
 * the list and one deletion for each thousand, an upload its parts. Retries within the store are not counted, nor
 * engines that bypass `objects`.
 */
export function countStore<S extends ObjectStore>(store: S): StoreCounter<S> {
  let counts = nothing()
  const counted = interceptStore(store, {
    before({ operation, bytes }) {
      counts.calls[operation]++
      // The bytes of an upload were counted as they were written.
      if (operation === 'complete') counts.requests.write += uploadRequests(bytes)
      else counts.bytesWritten += bytes
      if (operation === 'get' || operation === 'head') counts.requests.read++
      else if (operation === 'delete') counts.requests.delete++
      else if (WRITES.has(operation)) counts.requests.write++
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
      upload: 0,
      write: 0,
      complete: 0,
    },
    requests: { read: 0, write: 0, delete: 0 },
    bytesRead: 0,
    bytesWritten: 0,
  }
}
