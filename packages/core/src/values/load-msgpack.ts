import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Msgpack from '@msgpack/msgpack'

/**
 * Loads `@msgpack/msgpack`, an optional peer, at once: callers of `msgpackValues()` cannot wait.
 *
 * A strict package manager (pnpm, Yarn PnP) may hide it from this package, so it is looked up from
 * the current folder too, where the application is installed. Errors: that of Node if it is missing.
 */
export function loadMsgpack(): typeof Msgpack {
  try {
    return createRequire(import.meta.url)('@msgpack/msgpack') as typeof Msgpack
  } catch (error) {
    try {
      return createRequire(join(process.cwd(), 'index.js'))('@msgpack/msgpack') as typeof Msgpack
    } catch {
      throw error
    }
  }
}
