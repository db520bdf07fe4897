import * as nodeModule from 'node:module'

/** Keeps compiled code between calls where Node can (22.1 and later), which halves the time a command takes to start. */
export function enableCompileCache(): void {
  const { enableCompileCache: enable } = nodeModule as { enableCompileCache?: () => unknown }
  enable?.()
}
