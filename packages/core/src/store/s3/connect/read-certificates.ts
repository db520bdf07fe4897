import { readFileSync } from 'node:fs'
import type { ShardyfusionError } from '../../../errors.js'
import { invalidOption } from '../../../errors/error-factories.js'

/**
 * Reads the certificates of a PEM file and adds them to those Node trusts. Errors:
 * SHARD_INVALID_OPTION.
 */
export function readCertificates(path: string, where: string): string[] {
  const refuse = (problem: string, cause?: unknown): ShardyfusionError =>
    invalidOption(where, `s3.caFile must ${problem}`, { cause })
  // It may be a private key, which no message may repeat.
  if (path.includes('-----BEGIN')) throw refuse('be the path of a PEM file, got its text')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw refuse(`be a readable PEM file, could not read ${JSON.stringify(path)}`, cause)
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) {
    // Not imported: loading it costs more than the rest of a start without S3.
    return [...process.getBuiltinModule('node:tls').rootCertificates, text]
  }
  throw refuse(`hold PEM certificates, found none in ${JSON.stringify(path)}`)
}
