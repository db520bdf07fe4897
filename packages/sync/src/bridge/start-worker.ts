// Without `node:`, because webpack 5.113 makes wrong code of a Worker from `node:worker_threads`.
import {
  MessageChannel,
  type MessagePort,
  SHARE_ENV,
  Worker,
  type WorkerOptions,
} from 'worker_threads'
import { compileCacheFolder } from '../protocol/compile-cache.js'
import type { WorkerStart } from '../protocol/messages.js'
import {
  bundleRemedy,
  canOpenFiles,
  embeddedSource,
  limitRemedy,
} from '@shardyfusion/core/internal'
import { bridgeError } from './bridge-error.js'

/** Files that a thread opens while it starts: its event loop, and modules. */
const WORKER_FILES = 10

/** Our ends of the ports to a worker. */
export interface WorkerPorts {
  readonly port: MessagePort
  /** Nothing is ever received from it, see `isAlive`. */
  readonly probe: MessagePort
}

/**
 * Whether the worker's end of the probe is open: the only sign of its death that a blocked thread can see.
 *
 * The result of postMessage is undocumented: false if the other end is closed. Other runtimes may return nothing, hence the
 * comparison. It works only for a port without a receiver: a port that has processed its close event returns true forever.
 */
export function isAlive(probe: MessagePort): boolean {
  return (probe.postMessage(null) as unknown) !== false
}

/**
 * Starts a worker that neither keeps the process alive nor ends it.
 *
 * It is never terminated: with a native engine in a call this would crash the process.
 */
export function startWorker(
  url: URL | undefined,
  shared: SharedArrayBuffer,
  o: {
    readonly where: string
    readonly resourceLimits?: { maxOldGenerationSizeMb: number } | undefined
    readonly onExit: (code: number) => void
  },
): WorkerPorts {
  const { port1, port2 } = new MessageChannel()
  const { port1: probe, port2: probed } = new MessageChannel()
  if (!canOpenFiles(WORKER_FILES)) {
    // It would not start, and the blocked caller would wait for its first sign until the timeout.
    const problem = `the worker thread needs ${WORKER_FILES} files, and this process has too many open`
    throw bridgeError(o.where, 'start', `${problem}: raise the limit (ulimit -n)`)
  }
  let worker: Worker
  const options: WorkerOptions = {
    workerData: {
      shardyfusionSync: true,
      shared,
      port: port2,
      probed,
      compileCache: compileCacheFolder(),
    } satisfies WorkerStart,
    transferList: [port2, probed],
    // The options of this process apply to its main script; NODE_OPTIONS apply in any case.
    execArgv: [],
    // Credentials set later must be visible, also to native code, which reads only the real environment.
    env: SHARE_ENV,
    name: 'shardyfusion-sync',
    ...(o.resourceLimits === undefined ? {} : { resourceLimits: o.resourceLimits }),
  }
  try {
    worker = startThread(url, options)
  } catch (cause) {
    const remedy = limitRemedy(cause) ?? bundleRemedy(cause, '@shardyfusion/sync/worker')
    const problem = remedy === undefined ? '' : `; ${remedy}`
    throw bridgeError(o.where, 'start', `the worker thread cannot be started${problem}`, cause)
  }
  worker.unref()
  // The worker reports its reason over the port; without this listener the same error would end this process later.
  worker.on('error', () => {})
  worker.on('exit', o.onExit)
  return { port: port1, probe }
}

function startThread(url: URL | undefined, options: WorkerOptions): Worker {
  if (url !== undefined) return new Worker(url, options)
  const source = embeddedSource()
  if (source !== undefined) return new Worker(source, { ...options, eval: true })
  // In this form, bundlers recognize a file to bundle.
  return new Worker(new URL('./worker.js', import.meta.url), options)
}
