import { invalidOption } from '../../errors/error-factories.js'
import type { Spool as NodeSpool } from './spool.js'

/** Throws: outside Node there is no disk for rows. */
export const Spool = {
  open(_directory?: string): Promise<NodeSpool> {
    throw invalidOption(
      'SnapshotWriter',
      "retry, and sharding.values: 'infer' of records that can be read only once, need Node.js, which stores the rows on disk; omit them",
    )
  },
}
