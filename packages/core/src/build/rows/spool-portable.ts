import { invalidOption } from '../../errors/error-factories.js'
import type { Spool as NodeSpool } from './spool.js'

/** Refuses: outside Node there is no disk to keep rows on. */
export const Spool = {
  open(_directory?: string): Promise<NodeSpool> {
    throw invalidOption(
      'SnapshotWriter',
      "retry, and sharding.values: 'infer' of records that can be read only once, need Node.js, whose disk keeps the rows; leave them out",
    )
  },
}
