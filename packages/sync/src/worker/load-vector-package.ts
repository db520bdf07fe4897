import type * as vectorPackage from '@shardyfusion/vector'
import { invalidOption, isErrorNamed } from '@shardyfusion/core/internal'

/** Not known to bundlers: most programs do without it. */
const NAME: string = '@shardyfusion/vector'

/** Loads the package of snapshots of vectors. Errors: SHARD_INVALID_OPTION if it is not installed. */
export async function loadVectorPackage(where: string): Promise<typeof vectorPackage> {
  try {
    return (await import(NAME)) as typeof vectorPackage
  } catch (cause) {
    const reason = isErrorNamed(cause, 'Error') ? `: ${cause.message}` : ''
    throw invalidOption(
      where,
      `the package ${NAME} is needed and could not be loaded${reason}; run: npm install ${NAME}`,
      { cause },
    )
  }
}
