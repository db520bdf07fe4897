import { existsSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { filesBelow, isDirectory, ROOT } from './paths.mjs'

/**
 * A TypeScript project: its source folder and its output folder.
 * @typedef {{ sourceDir: string, outDir: string }} Project
 */

/**
 * The projects that `tsc -b` builds, found through the references of the root `tsconfig.json`.
 *
 * @returns {Project[]}
 */
export function listProjects(root = ROOT) {
  const seen = new Set()
  /** @type {Project[]} */
  const projects = []
  const pending = [root]
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    const file = isDirectory(path) ? join(path, 'tsconfig.json') : path
    if (seen.has(file) || !existsSync(file)) continue
    seen.add(file)
    const dir = dirname(file)
    const { compilerOptions = {}, references = [] } = JSON.parse(readFileSync(file, 'utf8'))
    for (const reference of references) pending.push(resolve(dir, reference.path))
    if (compilerOptions.outDir === undefined) continue
    projects.push({
      sourceDir: resolve(dir, compilerOptions.rootDir ?? '.'),
      outDir: resolve(dir, compilerOptions.outDir),
    })
  }
  return projects
}

/**
 * Removes compiled files whose source was deleted. `tsc -b` keeps them, and a stale test would still run.
 * It removes only files with a map: tsc writes one for every file, and generated or copied files have none.
 *
 * @param {readonly Project[]} projects
 * @returns {string[]} the compiled modules that were removed
 */
export function removeOrphans(projects) {
  const removed = new Set()
  for (const { sourceDir, outDir } of projects) {
    for (const map of filesBelow(outDir)) {
      // Of a project without JavaScript, only the declarations have a map.
      const match = /^(.*)\.(?:d\.([mc]?)ts|([mc]?)js)\.map$/.exec(map)
      if (match === null) continue
      const [, stem = '', ofTypes, ofCode = ''] = match
      const kind = ofTypes ?? ofCode
      const source = join(sourceDir, relative(outDir, stem))
      if (existsSync(`${source}.${kind}ts`) || existsSync(`${source}.${kind}tsx`)) continue
      for (const end of [`${kind}js`, `${kind}js.map`, `d.${kind}ts`, `d.${kind}ts.map`]) {
        rmSync(`${stem}.${end}`, { force: true })
      }
      removed.add(`${stem}.${kind}js`)
    }
  }
  return [...removed]
}

/**
 * The compiled test files: `*.test.js` below every output folder named `dist-test`.
 *
 * @param {readonly Project[]} projects
 */
export function compiledTests(projects) {
  return projects
    .filter(({ outDir }) => basename(outDir) === 'dist-test')
    .flatMap(({ outDir }) => filesBelow(outDir))
    .filter((file) => /\.test\.[mc]?js$/.test(file))
}
