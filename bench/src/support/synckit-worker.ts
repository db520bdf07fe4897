// The same call as `bridge-worker.ts` serves, by synckit.
import { runAsWorker } from 'synckit'

runAsWorker(async () => undefined)
