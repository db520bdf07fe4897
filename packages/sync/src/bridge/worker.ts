import { ownWorkerStart } from './own-worker.js'
import { serve } from './serve.js'

/** Serves the calls of this package, in the worker thread it has started; in any other thread it does nothing. */
export function serveCore(): void {
  const start = ownWorkerStart()
  if (start === undefined) return
  // Loaded only now, in a net that tells the caller: a missing dependency must be an error there, not a silence.
  serve(start, async () => {
    const [{ calls }, { CoreHost }] = await Promise.all([
      import('../protocol/calls.js'),
      import('../worker/core-host.js'),
    ])
    return { table: calls, open: (link) => new CoreHost(link) }
  })
}

serveCore()
