import { invalidOption } from '../errors/error-factories.js'

/** All rows are sorted in memory. */
export const HAS_DISK = false

/** Throws: outside Node there is no disk for rows that do not fit into memory. */
export async function requireRunFolder(): Promise<never> {
  throw invalidOption(
    'SnapshotWriter.open',
    'sort needs Node.js; omit it here: the shards are the same, but their tables overlap',
  )
}

/** Never called, because there is no folder for the file. */
export const writeRunFile = requireRunFolder
