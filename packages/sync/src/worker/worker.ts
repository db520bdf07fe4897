import { isMainThread, workerData } from 'node:worker_threads'
import { ownWorkerStart } from '../bridge/own-worker.js'
import { useCompileCache } from '../protocol/compile-cache.js'
import { serve } from './serve.js'

/** Serves the calls of this package, in the worker thread it has started; in any other thread it does nothing. */
export function serveCore(): void {
  const start = ownWorkerStart()
  // Loaded here, where failures are reported to the caller: a missing dependency must be an error, not a hang.
  if (start !== undefined) {
    useCompileCache(start.compileCache)
    serve(start, async () => {
      const [{ calls }, { CoreHost }] = await Promise.all([
        import('../protocol/calls.js'),
        import('./core-host.js'),
      ])
      return { table: calls, open: (link) => new CoreHost(link) }
    })
  } else if (isBuildThread()) {
    // With `workers` and `workerUrl` a build starts its threads with this file, too.
    void import('@shardyfusion/core/build-thread')
  }
}

function isBuildThread(): boolean {
  const data: unknown = workerData
  if (isMainThread || typeof data !== 'object' || data === null) return false
  return 'prefix' in data && 'asksCredentials' in data
}

serveCore()
