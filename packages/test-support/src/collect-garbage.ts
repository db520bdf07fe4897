import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects all garbage of JavaScript; what finalizers free, they free in later turns of the event loop. */
export const collectGarbage = runInNewContext('gc') as () => void
