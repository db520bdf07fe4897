import { createRequire } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Resolves `module#export` to a module URL and an export. Paths and packages are resolved from `folder`.
 *
 * Returns `undefined` if the text does not have this form.
 */
export function moduleExport(given: string, folder: string): string | undefined {
  const at = given.lastIndexOf('#')
  const [module, name] = [given.slice(0, at), given.slice(at + 1)]
  if (at < 1 || name === '') return undefined
  return `${moduleUrl(module, folder)}#${name}`
}

function moduleUrl(module: string, folder: string): string {
  // A scheme has at least two letters; one letter is a Windows drive.
  if (/^[a-z][a-z0-9+.-]{1,30}:/i.test(module)) return module
  if (isAbsolute(module) || /^\.{1,2}[\\/]/.test(module) || /\.[cm]?js$/.test(module))
    return pathToFileURL(resolve(folder, module)).href
  try {
    return pathToFileURL(createRequire(join(folder, 'shardy.js')).resolve(module)).href
  } catch {
    // The package only supports `import`, or is installed with this program. Node resolves it by name.
    return module
  }
}
