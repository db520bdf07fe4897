import { invalidOption } from '../../../errors/error-factories.js'

/**
 * Throws: outside Node there are no files, and the platform decides which authorities it trusts.
 */
export function readCertificates(_path: string, where: string): never {
  throw invalidOption(where, 's3.caFile needs Node.js; leave it out')
}
