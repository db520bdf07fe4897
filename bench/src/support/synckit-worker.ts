// Serves the same call as `bridge-worker.ts`, with synckit.
import { runAsWorker } from 'synckit'

runAsWorker(async () => undefined)
