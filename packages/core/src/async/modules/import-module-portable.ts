/** Imports a module by URL or package name; without Node, only as the platform resolves names. */
export async function importModule(module: string): Promise<Record<string, unknown>> {
  return (await import(/* webpackIgnore: true */ /* @vite-ignore */ module)) as Record<
    string,
    unknown
  >
}
