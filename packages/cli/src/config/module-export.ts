import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * `module#export` with the module as a URL; a path is relative to `folder`, a package is looked up from there.
 *
 * `undefined` for text that is not of this form.
 */
export function moduleExport(given: string, folder: string): string | undefined {
  const at = given.lastIndexOf('#')
  const [module, name] = [given.slice(0, at), given.slice(at + 1)]
  if (at < 1 || name === '') return undefined
  return `${moduleUrl(module, folder)}#${name}`
}

function moduleUrl(module: string, folder: string): string {
  // A drive letter is not a scheme.
  if (/^[a-z][a-z0-9+.-]{1,30}:/i.test(module)) return module
  if (isAbsolute(module) || /^\.{1,2}[\\/]/.test(module) || /\.[cm]?js$/.test(module))
    return pathToFileURL(resolve(folder, module)).href
  try {
    return pathToFileURL(createRequire(join(folder, 'shardy.js')).resolve(module)).href
  } catch {
    // A package for `import` alone, or one that is installed with this program: Node finds it by its name.
    return module
  }
}
