import { isShardyfusionError } from '../../errors.js'

const ERRNOS = new Set<unknown>(['ENOSPC', 'EDQUOT'])

/** Returns true for errors of a full store: no space left, or a quota used up. */
export function isOutOfSpace(error: unknown): boolean {
  if (!isShardyfusionError(error)) return ERRNOS.has((error as { code?: unknown } | null)?.code)
  const { errno, kind } = error.details
  return ERRNOS.has(errno) || kind === 'quota' || isOutOfSpace(error.cause)
}
