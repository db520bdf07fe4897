import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './places.js'

/** One public entry point of a package. */
export interface EntryPoint {
  /** The text of an import, for example `@shardyfusion/core/extend`; its page has that name below `/reference/`. */
  readonly name: string
  /** Its source, an absolute path. */
  readonly source: string
}

/** Entries that programs name but do not call, and those for other packages of the repository. */
const WITHOUT_PAGE = /\/(?:inline|internal[\w-]*|build-thread|worker)$/

/** All of them, found through the `exports` of every public package. */
export const ENTRY_POINTS: readonly EntryPoint[] = readdirSync(join(ROOT, 'packages'))
  .map((name) => join(ROOT, 'packages', name))
  .filter((folder) => existsSync(join(folder, 'package.json')))
  .flatMap(entryPointsOf)
  // Core first; the other packages by name.
  .sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))

function rank({ name }: EntryPoint): number {
  return name.startsWith('@shardyfusion/core') ? 0 : 1
}

function entryPointsOf(folder: string): EntryPoint[] {
  const { name, exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    exports?: Record<string, { types?: string } | string>
  }
  return Object.entries(exports).flatMap(([path, target]) => {
    const declarations = typeof target === 'string' ? undefined : target.types
    if (declarations === undefined || WITHOUT_PAGE.test(path)) return []
    const source = declarations
      .replace(/^\.\/dist\/(?:modules\/)?/, './src/')
      .replace(/\.d\.ts$/, '.ts')
    const file = join(folder, source)
    if (!existsSync(file)) return []
    return { name: path.replace('.', name), source: file }
  })
}
