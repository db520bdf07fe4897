import { join } from 'node:path'
import { runNode, Stop } from './exec.mjs'
import { ensureInstalled } from './install.mjs'
import { ROOT } from './paths.mjs'
import { listProjects, removeOrphans } from './projects.mjs'

/** The script of an installed tool, for `runNode`. */
export function tool(/** @type {string} */ pathInNodeModules) {
  return join(ROOT, 'node_modules', pathInNodeModules)
}

/**
 * Installs dependencies if needed, and compiles and bundles changed sources.
 *
 * @returns {import('./projects.mjs').Project[]} the projects that were built
 */
export function build() {
  ensureInstalled()
  const projects = listProjects()
  removeOrphans(projects)
  const code = runNode([tool('typescript/bin/tsc'), '-b'])
  if (code !== 0) throw new Stop('build: the sources do not compile; the errors are above')
  if (runNode([join(ROOT, 'scripts/bundle.mjs')]) !== 0) {
    throw new Stop('build: the packages cannot be bundled; the error is above')
  }
  return projects
}
