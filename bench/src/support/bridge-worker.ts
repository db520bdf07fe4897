// A worker of the sync package's bridge that serves `bridge-calls.ts` instead of core.
import { ownWorkerStart } from '../../../packages/sync/dist/modules/bridge/own-worker.js'
import { serve } from '../../../packages/sync/dist/modules/worker/serve.js'
import { bridgeCalls, nothingOpen } from './bridge-calls.js'

serve(ownWorkerStart()!, async () => ({ table: bridgeCalls, open: () => nothingOpen }))
