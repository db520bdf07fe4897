import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { ShardyfusionError } from '../errors.js'

/** The certificates of a PEM file beside those Node trusts anyway. Errors: SHARD_INVALID_OPTION. */
export function readCertificates(path: string, where: string): string[] {
  const refuse = (problem: string, cause?: unknown): ShardyfusionError =>
    new ShardyfusionError(
      'SHARD_INVALID_OPTION',
      `${where}: s3.caFile must ${problem} ${JSON.stringify(path)}`,
      {
        cause,
        details: { peer: 'ConfigValidationError' },
      },
    )
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw refuse('be a readable PEM file, could not read', cause)
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return [...tls.rootCertificates, text]
  throw refuse('hold PEM certificates, found none in')
}
