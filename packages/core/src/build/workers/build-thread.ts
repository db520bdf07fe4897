// The file that a worker of a build runs: opens its own storage and engine, and serves its shards.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.js'
import { openWorkerEngine } from './open-worker-engine.js'
import { WorkerServer } from './worker-server.js'

let isServing = false

/**
 * Serves one build, in a worker thread that a build has started; in any other thread it does
 * nothing.
 *
 * Importing this module calls it, so the entry of a bundle for workers need only import it.
 */
export function serveBuild(): void {
  if (parentPort === null || isServing || !isSetup(workerData)) return
  isServing = true
  serve(parentPort, workerData)
}

/** The threads of a bundle that is one file run it, too: those of the program, with other data. */
function isSetup(data: unknown): data is WorkerSetup {
  return typeof data === 'object' && data !== null && 'prefix' in data && 'asksCredentials' in data
}

function serve(port: MessagePort, setup: WorkerSetup): void {
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer)
  const server = new WorkerServer(post, (credentials) => openWorkerEngine(setup, credentials))
  port.on('message', (message: ToWorker) => {
    if (message.type !== 'end') return server.receive(message)
    // Drain first: ending a thread while the native engine works on it crashes the process.
    void server.end().then(() => {
      post({ type: 'ended' })
      endThread(port)
    })
  })
}

/** Deno's port has no `close`; there the global function of web workers ends the thread. */
function endThread(port: Partial<Pick<MessagePort, 'close'>>): void {
  if (port.close !== undefined) port.close()
  else (globalThis as { close?: () => void }).close?.()
}

serveBuild()
