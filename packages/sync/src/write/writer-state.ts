import { ShardyfusionError } from '@shardyfusion/core/internal'

/** The error of a call a writer no longer takes, with the reason its state has among `reasons`. */
export function closedWriter<S extends string>(
  where: string,
  state: S,
  reasons: Readonly<Record<S, string>>,
): ShardyfusionError {
  return new ShardyfusionError('SHARD_CLOSED', `${where}: ${reasons[state]}; open a new writer`, {
    details: { peer: 'ReaderStateError', state },
  })
}
