import type { ObjectStore, ObjectUpload } from '../store/object-store.js'
import { delegate } from '../async/delegate.js'

/**
 * One call of a store, as interceptors see it. `upload` starts an upload, whose calls are `write` and
 * `complete`.
 */
export interface StoreCall {
  /** The operation. */
  readonly operation:
    | 'get'
    | 'head'
    | 'put'
    | 'list'
    | 'listPrefixes'
    | 'delete'
    | 'deletePrefix'
    | 'sync'
    | 'upload'
    | 'write'
    | 'complete'
  /** URL of the object or folder. */
  readonly url: string
  /** Number of bytes to put, or to write to an upload; of all bytes when it completes. */
  readonly bytes: number
}

/** The result of a call. */
export interface StoreResult {
  /** Number of bytes read. */
  readonly bytes: number
  /** Number of objects or directories listed, or of objects deleted. */
  readonly objects: number
}

/** Hooks around every call of a store. */
export interface StoreInterceptor {
  /** Called before the call; if it throws, the caller gets that error instead of a result. */
  readonly before?: ((call: StoreCall) => void | Promise<void>) | undefined
  /**
   * Called after a call that succeeded; if it throws, the caller gets that error although the work
   * is done.
   */
  readonly after?: ((call: StoreCall, result: StoreResult) => void | Promise<void>) | undefined
}

const NOTHING: StoreResult = { bytes: 0, objects: 0 }

/** Wraps a store with callbacks before and after every call; everything else is unchanged. */
export function interceptStore<S extends ObjectStore>(store: S, interceptor: StoreInterceptor): S {
  const { before, after } = interceptor
  async function around<T>(
    call: StoreCall,
    run: () => Promise<T>,
    resultOf: (result: T) => StoreResult,
  ): Promise<T> {
    await before?.(call)
    const result = await run()
    await after?.(call, resultOf(result))
    return result
  }
  async function* list(...args: Parameters<ObjectStore['list']>): ReturnType<typeof store.list> {
    const call: StoreCall = { operation: 'list', url: args[0], bytes: 0 }
    await before?.(call)
    let objects = 0
    for await (const info of store.list(...args)) {
      objects++
      yield info
    }
    await after?.(call, { bytes: 0, objects })
  }
  async function startUploading(start: StoreCall, upload: ObjectUpload): Promise<ObjectUpload> {
    const { url } = start
    let written = 0
    // A call that fails ends the upload, also if it is the interceptor that makes it fail.
    const orAbort = async (hook: () => unknown): Promise<void> => {
      try {
        await hook()
      } catch (error) {
        await upload.abort().catch(() => {})
        throw error
      }
    }
    const call = async (called: StoreCall, run: () => Promise<void>): Promise<void> => {
      await orAbort(() => before?.(called))
      await run()
      await orAbort(() => after?.(called, NOTHING))
    }
    await orAbort(() => after?.(start, NOTHING))
    return {
      write: async (bytes) => {
        written += bytes.length
        await call({ operation: 'write', url, bytes: bytes.length }, () => upload.write(bytes))
      },
      complete: (head) =>
        call({ operation: 'complete', url, bytes: written }, () => upload.complete(head)),
      abort: () => upload.abort(),
    }
  }
  const calls: Partial<ObjectStore> = {
    get: (url, options) =>
      around(
        { operation: 'get', url, bytes: 0 },
        () => store.get(url, options),
        (found) => ({ bytes: found?.length ?? 0, objects: 0 }),
      ),
    head: (url, options) =>
      around(
        { operation: 'head', url, bytes: 0 },
        () => store.head(url, options),
        () => NOTHING,
      ),
    put: (url, bytes, options) =>
      around(
        { operation: 'put', url, bytes: bytes.length },
        () => store.put(url, bytes, options),
        () => NOTHING,
      ),
    list: list as ObjectStore['list'],
    listPrefixes: (url, options) =>
      around(
        { operation: 'listPrefixes', url, bytes: 0 },
        () => store.listPrefixes(url, options),
        (found) => ({ bytes: 0, objects: found.length }),
      ),
    delete: (url, options) =>
      around(
        { operation: 'delete', url, bytes: 0 },
        () => store.delete(url, options),
        () => NOTHING,
      ),
    deletePrefix: (url, options) =>
      around(
        { operation: 'deletePrefix', url, bytes: 0 },
        () => store.deletePrefix(url, options),
        (objects) => ({ bytes: 0, objects }),
      ),
    ...(store.upload !== undefined && {
      upload: async (url, options) => {
        const call: StoreCall = { operation: 'upload', url, bytes: 0 }
        await before?.(call)
        return startUploading(call, await store.upload!(url, options))
      },
    }),
    ...(store.sync !== undefined && {
      sync: (url, options) =>
        around(
          { operation: 'sync', url, bytes: 0 },
          () => store.sync!(url, options),
          () => NOTHING,
        ),
    }),
  }
  // Another thread would make the store without the interceptor.
  return delegate(store, { ...calls, readNow: undefined, origin: undefined } as Partial<S>)
}
