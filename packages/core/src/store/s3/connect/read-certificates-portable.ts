import { ShardyfusionError } from '../../../errors.js'

/**
 * Throws: outside Node there are no files, and the platform decides which authorities it trusts.
 */
export function readCertificates(_path: string, where: string): never {
  throw new ShardyfusionError(
    'SHARD_INVALID_OPTION',
    `${where}: s3.caFile needs Node.js; leave it out`,
    {
      details: { peer: 'ConfigValidationError' },
    },
  )
}
