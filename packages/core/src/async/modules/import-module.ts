import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Imports a module by URL or package name.
 *
 * A strict package manager (pnpm, Yarn PnP) hides packages that core does not depend on, so a name
 * that is not found is looked up again from the current folder, where the application is installed.
 */
export async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ module)) as Record<
      string,
      unknown
    >
  } catch (error) {
    const found = isMissing(error, module) ? resolveFromFolder(module) : undefined
    if (found === undefined) throw error
    return (await import(found)) as Record<string, unknown>
  }
}

function isMissing(error: unknown, module: string): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return code === 'ERR_MODULE_NOT_FOUND' && String(message).includes(module)
}

function resolveFromFolder(module: string): string | undefined {
  try {
    const require = createRequire(join(process.cwd(), 'index.js'))
    return pathToFileURL(require.resolve(module)).href
  } catch {
    return undefined
  }
}
