import { ownWorkerStart } from '#dist/bridge/own-worker.js'
import { serve } from '#dist/worker/serve.js'

serve(ownWorkerStart()!, async () => {
  const { echoCalls, EchoHost } = await import('./echo-calls.js')
  return { table: echoCalls, open: (link) => new EchoHost(link) }
})
