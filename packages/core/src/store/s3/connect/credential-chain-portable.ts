import { CredentialsProblem } from './credential-sources.js'

/** Outside Node there are no files, processes and metadata services: the function rejects. */
export function credentialChain(): () => Promise<never> {
  return () => Promise.reject(new CredentialsProblem('this platform provides none'))
}
