import { invalidOption } from '../../errors/error-factories.js'

/** Refuses: outside Node there is no disk for rows that do not fit into memory. */
export async function requireRunFolder(): Promise<never> {
  throw invalidOption(
    'SnapshotWriter.open',
    'sort needs Node.js; leave it out here: shards are the same, in tables that overlap',
  )
}

/** Never called, as there is no folder to put one in. */
export const writeRunFile = requireRunFolder
