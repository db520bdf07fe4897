import { Bridge, type BridgeOptions } from '#dist/bridge/bridge.js'
import { echoCalls, type EchoHost } from './echo-calls.js'

/** A bridge to the worker of `echo-worker.ts`. */
export function echoBridge(options: Partial<BridgeOptions<unknown>> = {}) {
  const workerUrl = new URL('./echo-worker.js', import.meta.url)
  return new Bridge<EchoHost, typeof echoCalls>(
    { workerUrl, ...options, table: echoCalls },
    'echoBridge',
  )
}
