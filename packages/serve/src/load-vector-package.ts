import type * as vectorPackage from '@shardyfusion/vector'
import { invalidOption, isErrorNamed } from '@shardyfusion/core/internal'

/** Loads the package of snapshots of vectors. Errors: SHARD_INVALID_OPTION if it is not installed. */
export async function loadVectorPackage(where: string): Promise<typeof vectorPackage> {
  try {
    return await import('@shardyfusion/vector')
  } catch (cause) {
    const reason = isErrorNamed(cause, 'Error') ? `: ${cause.message}` : ''
    throw invalidOption(
      where,
      `the package @shardyfusion/vector is needed to serve vectors without keys and could not be loaded${reason}; run: npm install @shardyfusion/vector`,
      { cause },
    )
  }
}
