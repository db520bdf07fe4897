// The file of a build worker: opens its storage and engine, and serves its shards.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js'
import { openWorkerEngine } from './open-worker-engine.js'
import { WorkerServer } from './worker-server.js'

let isServing = false

/**
 * Serves one build, in a worker thread that a build has started; in the main thread it does nothing.
 *
 * Importing this module calls it, so an entry of a bundle for workers need only import it.
 */
export function serveBuild(): void {
  if (parentPort === null || isServing) return
  isServing = true
  serve(parentPort, workerData as WorkerSetup)
}

function serve(port: MessagePort, setup: WorkerSetup): void {
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer)
  const server = new WorkerServer(post, (credentials) => openWorkerEngine(setup, credentials))
  port.on('message', (message: ToWorker) => {
    if (message.type !== 'end') return server.receive(message)
    // Drained first: a thread that ends under the native engine's work takes the process with it.
    void server.end().then(() => {
      post({ type: 'ended' })
      port.close()
    })
  })
}

serveBuild()
