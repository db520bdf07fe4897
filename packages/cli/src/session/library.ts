/** The library, loaded when a command needs it: `--help` and `completion` do without. */
export type Library = typeof import('@shardyfusion/sync')

export function loadLibrary(): Promise<Library> {
  return import('@shardyfusion/sync')
}
