import type { ShardyfusionError } from '../../errors.js'
import { storeError } from '../../errors/error-factories.js'
import { limitRemedy } from '../../errors/limit-remedy.js'
import { describeUrl } from '../../text/describe-url.js'
import { isError } from '../../errors/is-error.js'

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'check the permissions of the file and of the directories above it',
  EPERM: 'check the owner, permissions and attributes of the file and of its directory',
  ENOSPC: 'no space is left on the device; free some',
  EDQUOT: 'the disk quota is used up; free some space or raise it',
  EROFS: 'the file system is mounted read-only; choose another prefix',
  ENOTDIR: 'a segment of the path is a file; an object and objects below it cannot both exist here',
  EEXIST: 'the path exists and is not a file; remove it or choose another prefix',
  EISDIR: 'the path is a directory; an object and objects below it cannot both exist here',
  ENAMETOOLONG:
    'a segment or the whole path is too long for the file system (often 255 bytes a segment)',
  ELOOP: 'the symbolic links on the path form a loop',
  EIO: 'the device failed; check it and the system log',
  EMFILE: 'this process has too many files open; raise the limit (ulimit -n) or lower concurrency',
  ENFILE: 'the system has too many files open; raise its limit or lower concurrency',
  EBUSY: 'another process uses the file',
  ENOENT: 'a directory on the path was removed during the call; check for a concurrent clean-up',
  ESTALE: 'the network file system replaced the file during the call',
}

/** Error codes of `link` on file systems without hard links, such as FAT. */
const NO_LINKS = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM'])

/** Transient failures. */
const RETRYABLE = new Set([
  'EAGAIN',
  'EBUSY',
  'EINTR',
  'EMFILE',
  'ENFILE',
  'ENOENT',
  'ESTALE',
  'ETIMEDOUT',
])

export function errnoOf(error: unknown): string | undefined {
  const code = isError(error) ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}

/** Returns true for errors that mean "nothing exists at this path". */
export function isAbsence(error: unknown): boolean {
  const code = errnoOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/**
 * Returns the SDK's error for a failed system call; returns other errors (an abort reason, our own)
 * unchanged.
 */
export function fileStoreError(where: string, url: string, error: unknown): unknown {
  const code = errnoOf(error)
  if (code === 'ERR_ACCESS_DENIED') return accessDenied(where, url, error)
  if (code === undefined || !(isError(error) && 'syscall' in error)) return error
  const noLinks = error.syscall === 'link' && NO_LINKS.has(code)
  const advice = noLinks
    ? 'this file system has no hard links, which a put with ifAbsent needs; choose another prefix'
    : (ADVICE[code] ?? 'see the cause')
  return storeError(`FileStore.${where}`, `${describeUrl(url)} failed with ${code}; ${advice}`, {
    retryable: RETRYABLE.has(code),
    details: { errno: code },
    cause: error,
  })
}

/** The permission model of Node refuses a call before it reaches the system. */
function accessDenied(where: string, url: string, cause: unknown): ShardyfusionError {
  return storeError(
    `FileStore.${where}`,
    `${describeUrl(url)} failed with ERR_ACCESS_DENIED; ${limitRemedy(cause)}`,
    { details: { errno: 'ERR_ACCESS_DENIED' }, cause },
  )
}

/** Makes the error for a file system that does not answer. */
export function fileStoreTimeout(call: string, url: string, timeoutMs: number): ShardyfusionError {
  return storeError(
    `FileStore.${call}`,
    `${describeUrl(url)} failed, no answer of the file system within ${timeoutMs} ms; check the ` +
      'mount (NFS, FUSE), or raise stepTimeoutMs',
    { retryable: true, details: { errno: 'ETIMEDOUT' } },
  )
}
