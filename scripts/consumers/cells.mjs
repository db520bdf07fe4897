import { bundlers } from './cells/bundlers.mjs'
import { browsers } from './cells/browsers.mjs'
import { executables } from './cells/executables.mjs'
import { installers } from './cells/installers.mjs'
import { recipes } from './cells/recipes.mjs'
import { restrictions } from './cells/restrictions.mjs'
import { runtimes } from './cells/runtimes.mjs'
import { testRunners } from './cells/test-runners.mjs'
import { typescript } from './cells/typescript.mjs'

/**
 * One consumer of the packages.
 *
 * `consumer` and `notes` are its row in the documentation. `unsupported` cells must fail, with a message that `says` matches.
 *
 * @typedef {{
 *   name: string,
 *   consumer: string,
 *   notes?: string,
 *   unsupported?: { reason: string, says: RegExp },
 *   run: (at: import('./at.mjs').At) => Promise<unknown>,
 * }} Cell
 */

/** The rows of the table in the documentation, in its order. @type {readonly Cell[]} */
export const DOCUMENTED = [
  ...runtimes,
  ...typescript,
  ...testRunners,
  ...bundlers,
  ...browsers,
  ...executables,
  ...installers,
  ...restrictions,
]

/** The heavy cells first, so that the two lanes end at about the same time. @type {readonly Cell[]} */
export const CELLS = [
  ...browsers,
  ...recipes,
  ...installers,
  ...executables,
  ...bundlers,
  ...testRunners,
  ...runtimes,
  ...typescript,
  ...restrictions,
]
