/** The asset of a single executable (Node SEA) with the program of its threads, a CommonJS bundle. */
const ASSET = 'shardyfusion-worker.cjs'

interface Sea {
  isSea(): boolean
  getAsset(name: string, encoding: 'utf8'): string
}

/**
 * Returns the program of the threads of a single executable, which has no files; `undefined` in
 * other programs.
 *
 * It is a bundle of an entry that imports `@shardyfusion/core/inline` and
 * `@shardyfusion/sync/worker`. Errors: those of Node, if the executable has no such asset.
 */
export function embeddedSource(): string | undefined {
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown }
  const sea = getBuiltinModule?.('node:sea') as Sea | undefined
  return sea?.isSea() === true ? sea.getAsset(ASSET, 'utf8') : undefined
}

/** What to do if a thread of a bundle cannot be started; `undefined` if that has other causes. */
export function bundleRemedy(cause: unknown, entry: string): string | undefined {
  const { code = '' } = cause as { code?: string }
  if (code === 'ERR_SINGLE_EXECUTABLE_APPLICATION_ASSET_NOT_FOUND')
    return `this executable lacks the asset ${ASSET}, a bundle of a file that imports '@shardyfusion/sync/worker'`
  if (code !== 'ERR_INVALID_URL') return undefined
  return `import.meta.url is empty in this bundle: pass workerUrl, the URL of a file that imports '${entry}'`
}
