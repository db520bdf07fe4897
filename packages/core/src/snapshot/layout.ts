// Every name in the layout of snapshots below a prefix (wire-format §1.1); no other file spells one.
//
//   _CURRENT                                       the pointer to the current manifest
//   manifests/<time>_run_id=<run>/manifest         one for each publication
//   runs/<time>_run_id=<run>_<token>/run.yaml      what writers noted
//   shards/run_id=<run>/db=00000/attempt=00/…      one folder for each attempt at a shard
//   _INDEX.json                                    for web servers, which have no lists

export const CURRENT_POINTER = '_CURRENT'
export const MANIFESTS = 'manifests'
export const MANIFEST_FILE = 'manifest'
/** Folder of run records, unless a writer of the Python project was configured otherwise. */
export const RUNS = 'runs'
export const RUN_RECORD_FILE = 'run.yaml'
/** Folder of shards, unless a manifest names another. */
export const SHARDS = 'shards'
export const DB_PATH_TEMPLATE = 'db={db_id:05d}'
/** Folder of the Python project for the shared files of vector snapshots. */
export const VECTOR_META = 'vector_meta'
export const HTTP_INDEX = '_INDEX.json'

/** Notes about an attempt, in its folder. */
export const ATTEMPT_MARKS = { sealed: '_SEALED', started: '_STARTED', taken: '_TAKEN' } as const

/** Returns the folder of a run, below that of shards. */
export function runFolder(runId: string): string {
  return `run_id=${runId}`
}

/** Returns the run whose folder has this name; `undefined` for any other name. */
export function runOfFolder(name: string): string | undefined {
  return /^run_id=(.+)$/s.exec(name)?.[1]
}

/** Returns the folder of a manifest or, with `token`, of a run record, made at this time. */
export function datedFolder(time: string, runId: string, token?: string): string {
  return `${time}_${runFolder(runId)}${token === undefined ? '' : `_${token}`}`
}

/** Matches time and run of a manifest's folder. */
export const MANIFEST_FOLDER = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)_run_id=([^/]+)\/?$/
/** Matches time and run of a run record's folder. */
export const RUN_RECORD_FOLDER =
  /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z)_run_id=([^/]+)_([0-9a-f]{32})\/?$/

/** Returns `attempt=00`, `attempt=01`, … `attempt=100`. Source: wire-format §1.3. */
export function attemptFolder(attempt: number): string {
  return `attempt=${String(attempt).padStart(2, '0')}`
}

/**
 * Returns the attempt that an object below `root` belongs to: the URL of its folder, and its
 * number.
 */
export function attemptOf(
  url: string,
  root: string,
): { readonly url: string; readonly attempt: number } | undefined {
  const found = /\/attempt=(\d+)(?=\/)/.exec(url.slice(root.length))
  if (found === null) return undefined
  const end = root.length + found.index + found[0].length
  return { url: url.slice(0, end), attempt: Number(found[1]) }
}

/**
 * Returns true for the objects that make up an attempt at a shard: they never change. Notes about
 * the attempt do.
 */
export function isAttemptObject(url: string): boolean {
  return /\/attempt=\d+\//.test(url) && !isMark(url)
}

/** Returns true for notes, such as the marks of an attempt. */
export function isMark(url: string): boolean {
  return url[url.lastIndexOf('/') + 1] === '_'
}
