import { canOpenFiles } from './can-open-files.js'
import { isError } from './is-error.js'

const NO_FILES = /too many open files/i
const NO_MEMORY = /out of memory|could not allocate|cannot allocate/i

const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: 'this process has too many files open: raise the limit (ulimit -n)',
  ENFILE: 'the system has too many files open: raise its limit, or close other programs',
  EAGAIN: 'the system refuses more threads or processes: raise the limit (ulimit -u)',
  ENOMEM: 'the system has too little memory: free some, or raise the limit of the container',
  ERR_DLOPEN_DISABLED: 'native add-ons are not permitted: run node with --allow-addons as well',
  ERR_WORKER_OUT_OF_MEMORY: 'the thread ran out of memory: raise its limit, or that of the process',
  ERR_WORKER_INIT_FAILED:
    'the system refuses more threads or files: raise the limits (ulimit -u, ulimit -n)',
}

/** The options of Node's permission model, by the permission that an error names. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  FileSystemRead: '--allow-fs-read',
  FileSystemWrite: '--allow-fs-write',
  WorkerThreads: '--allow-worker',
  Addon: '--allow-addons',
}

/**
 * Names the limit of the process that made a call fail, with a remedy; `undefined` if it was none of
 * them.
 *
 * Without it, a package that could not be read looks like one that is not installed.
 */
export function limitRemedy(cause: unknown): string | undefined {
  if (!isError(cause)) return undefined
  const { code = '', permission = '' } = cause as { code?: string; permission?: string }
  if (code === 'ERR_ACCESS_DENIED') {
    const option = PERMISSIONS[permission] ?? 'the option for it'
    return `this process runs with --permission: run node with ${option} as well`
  }
  if (Object.hasOwn(REMEDIES, code)) return REMEDIES[code]
  // Some versions of Node call a package that they cannot open absent.
  const isAbsent = code === 'ERR_MODULE_NOT_FOUND'
  if (NO_FILES.test(cause.message) || (isAbsent && !canOpenFiles())) return REMEDIES['EMFILE']
  if (!NO_MEMORY.test(cause.message)) return undefined
  return (
    'the virtual memory of this process is limited (ulimit -v): raise the limit, or run node with ' +
    '--disable-wasm-trap-handler, which reserves less of the address space'
  )
}
