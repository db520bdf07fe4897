import { ShardyfusionError } from '../../errors.js'

/** Throws: outside Node there are no files. */
export function readEnvFile(_path: string): never {
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    'envFile needs Node.js; pass the variables as env',
  )
}
