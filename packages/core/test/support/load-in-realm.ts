import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createContext,
  runInContext,
  type Context,
  type Module,
  SourceTextModule,
  SyntheticModule,
} from 'node:vm'

/** Everything a module expects of its global object; the classes of JavaScript itself are left to the realm. */
const OUTER_GLOBALS = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'Buffer',
  'DOMException',
  'Event',
  'EventTarget',
  'Headers',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'crypto',
  'fetch',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
] as const

/** A realm as test runners make one, and its loader of modules. */
export interface Realm {
  /** Runs a script in the realm and returns its value. */
  run(script: string): unknown
  /** Loads a module and all its imports in the realm; Node's own modules stay outside. */
  load(url: string): Promise<Record<string, unknown>>
}

/**
 * Makes a realm like those of Jest and Vitest: `node:` modules throw errors of another `Error`.
 *
 * Needs `--experimental-vm-modules` and `--experimental-import-meta-resolve`.
 */
export function makeRealm(): Realm {
  const context = createContext(
    Object.fromEntries(OUTER_GLOBALS.map((name) => [name, globalThis[name]])),
  )
  const modules = new Map<string, Promise<Module>>()
  const get = (specifier: string, parent: string): Promise<Module> => {
    const isOuter = isBuiltin(specifier)
    const url = isOuter ? specifier : resolveFrom(specifier, parent)
    let module = modules.get(url)
    if (module === undefined) {
      module = isOuter || isCommonJs(url) ? outerModule(url, context) : ownModule(url)
      modules.set(url, module)
    }
    return module
  }
  const ownModule = async (url: string): Promise<Module> => {
    const source = await readFile(fileURLToPath(url), 'utf8')
    return new SourceTextModule(source, {
      context,
      identifier: url,
      initializeImportMeta: (meta) => {
        meta.url = url
      },
      importModuleDynamically: async (specifier) => evaluated(await get(specifier, url)),
    })
  }
  const evaluated = async (module: Module): Promise<Module> => {
    if (module.status === 'unlinked')
      await module.link((specifier, from) => get(specifier, from.identifier))
    await module.evaluate()
    return module
  }
  return {
    run: (script) => runInContext(script, context) as unknown,
    load: async (url) =>
      (await evaluated(await get(url, url))).namespace as Record<string, unknown>,
  }
}

async function outerModule(name: string, context: Context): Promise<Module> {
  const exported = (await import(name)) as Record<string, unknown>
  const names = Object.keys(exported)
  return new SyntheticModule(
    names,
    function () {
      for (const key of names) this.setExport(key, exported[key])
    },
    { context, identifier: name },
  )
}

/** Such a dependency stays outside, too. */
function isCommonJs(url: string): boolean {
  const nearest = findPackageJSON(url)
  const { type } = JSON.parse(readFileSync(nearest, 'utf8')) as { type?: string }
  return url.endsWith('.cjs') || (type !== 'module' && !url.endsWith('.mjs'))
}

function findPackageJSON(url: string): string {
  for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json')
    if (existsSync(path)) return path
  }
}

/** `import.meta.resolve` with a parent, which Node allows with a flag. */
function resolveFrom(specifier: string, parent: string): string {
  const resolve = import.meta.resolve as (specifier: string, parent: string) => string
  return resolve(specifier, parent)
}
