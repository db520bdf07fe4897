import { delegate } from '../async/delegate.js'
import {
  requestTrace,
  startTrace,
  type StoreOperation,
  type Trace,
  traced,
} from '../diagnostics/traces.js'
import type { ObjectInfo, ObjectStore, ObjectUpload } from './object-store.js'

/** Calls of a store since it was opened. */
export class StoreCounters {
  requests = 0
  failed = 0
  bytesRead = 0
}

/** Wraps a store so that its calls are counted, and are operations of the channel `store-request`. */
export function observedStore(store: ObjectStore, counters: StoreCounters): ObjectStore {
  const failed = (error: unknown): never => {
    counters.failed++
    throw error
  }
  const received = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
    if (bytes !== undefined) counters.bytesRead += bytes.length
    return bytes
  }
  function call<T>(
    operation: StoreOperation,
    url: string,
    work: () => Promise<T>,
    bytes?: (result: T) => number,
  ): Promise<T> {
    counters.requests++
    const running = requestTrace.hasSubscribers
      ? traced(
          'store-request',
          () => ({ operation, url }),
          work,
          (message, result) => {
            if (bytes !== undefined) message.bytes = bytes(result)
          },
        )
      : work()
    return running.catch(failed)
  }
  const changes: Partial<ObjectStore> = {
    get: (url, options) => {
      // Without a closure: readers make most of their requests here.
      if (!requestTrace.hasSubscribers) {
        counters.requests++
        return store.get(url, options).then(received, failed)
      }
      const get = (): ReturnType<ObjectStore['get']> => store.get(url, options)
      return call('get', url, get, (bytes) => bytes?.length ?? 0).then(received)
    },
    ...(store.readNow !== undefined && {
      readNow: (url, start, target) => {
        // Whether it is an operation is known at its end: `get` follows, whose start is published.
        if (requestTrace.start.hasSubscribers) return false
        const trace = startTrace('store-request', () => {
          return { operation: 'get', url, bytes: target.length }
        })
        if (!store.readNow!(url, start, target)) return false
        trace?.end()
        counters.requests++
        counters.bytesRead += target.length
        return true
      },
    }),
    head: (url, options) => call('head', url, () => store.head(url, options)),
    put: (url, bytes, options) =>
      call(
        'put',
        url,
        () => store.put(url, bytes, options),
        () => bytes.length,
      ),
    list: (url, options) => {
      counters.requests++
      const found = store.list(url, options)
      return requestTrace.hasSubscribers ? tracedList(url, found, failed) : watched(found, counters)
    },
    listPrefixes: (url, options) =>
      call('listPrefixes', url, () => store.listPrefixes(url, options)),
    delete: (url, options) => call('delete', url, () => store.delete(url, options)),
    deletePrefix: (url, options) =>
      call('deletePrefix', url, () => store.deletePrefix(url, options)),
    ...(store.upload !== undefined && {
      upload: (url, options) => observedUpload(url, () => store.upload!(url, options), counters),
    }),
  }
  return delegate(store, changes)
}

/** Counts a failure of a list without a generator in between, which would slow down every object. */
function watched(
  list: AsyncIterable<ObjectInfo>,
  counters: StoreCounters,
): AsyncIterable<ObjectInfo> {
  return {
    [Symbol.asyncIterator]() {
      const objects = list[Symbol.asyncIterator]()
      return {
        next() {
          const next = objects.next()
          next.catch(() => counters.failed++)
          return next
        },
        return: async (value?: unknown) =>
          (await objects.return?.(value)) ?? { done: true, value: undefined },
      }
    },
  }
}

async function* tracedList(
  url: string,
  list: AsyncIterable<ObjectInfo>,
  failed: (error: unknown) => never,
): AsyncGenerator<ObjectInfo> {
  const trace = startTrace('store-request', () => ({ operation: 'list', url }))
  try {
    for await (const object of list) yield object
  } catch (error) {
    trace?.fail(error)
    failed(error)
  } finally {
    trace?.end()
  }
}

/** An upload is one operation, from its start to its end. */
async function observedUpload(
  url: string,
  open: () => Promise<ObjectUpload>,
  counters: StoreCounters,
): Promise<ObjectUpload> {
  counters.requests++
  const trace = startTrace('store-request', () => ({ operation: 'upload', url }))
  if (trace === undefined) return open()
  let bytes = 0
  try {
    const upload = await trace.within(open)
    return delegate(upload, {
      write: (part) => {
        bytes += part.length
        return orFail(trace, () => upload.write(part), counters)
      },
      complete: async (head) => {
        await orFail(trace, () => upload.complete(head), counters)
        trace.message.bytes = bytes
        trace.end()
      },
      abort: async () => {
        await upload.abort()
        trace.end()
      },
    })
  } catch (error) {
    counters.failed++
    trace.fail(error)
    throw error
  }
}

async function orFail<M>(
  trace: Trace<M>,
  work: () => Promise<void>,
  counters: StoreCounters,
): Promise<void> {
  try {
    await trace.within(work)
  } catch (error) {
    counters.failed++
    trace.fail(error)
    throw error
  }
}
