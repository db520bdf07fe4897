import type * as Providers from '@aws-sdk/credential-providers'
import { CredentialsProblem, type Variables } from './credential-sources.js'
import type { S3Credentials } from './s3-options.js'

const PACKAGE = '@aws-sdk/credential-providers'
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

/**
 * Returns a function that gets keys from the credential chain of the AWS SDK: roles, SSO, processes,
 * web identities, containers and instances. `profile` is `undefined` for that of the process.
 *
 * Its errors: CredentialsProblem if the package, an optional peer, is not installed; those of the
 * chain.
 */
export function credentialChain(
  profile: string | undefined,
  variables: Variables,
): () => Promise<S3Credentials> {
  let chain: (() => Promise<S3Credentials>) | undefined
  return async () => {
    const { fromNodeProviderChain } = await loadProviders(profile, variables)
    chain ??= fromNodeProviderChain({
      ...(profile !== undefined && { profile }),
      configFilepath: variables('AWS_CONFIG_FILE'),
      filepath: variables('AWS_SHARED_CREDENTIALS_FILE'),
      logger: SILENT,
    })
    return chain()
  }
}

async function loadProviders(
  profile: string | undefined,
  variables: Variables,
): Promise<typeof Providers> {
  try {
    return await import('@aws-sdk/credential-providers')
  } catch (cause) {
    throw new CredentialsProblem(
      `${describeSource(profile, variables)}, and ${PACKAGE} is not installed: npm install ${PACKAGE}`,
      { cause },
    )
  }
}

function describeSource(profile: string | undefined, variables: Variables): string {
  if (profile !== undefined) return `the profile ${JSON.stringify(profile)} has no keys`
  if (variables('AWS_WEB_IDENTITY_TOKEN_FILE') !== undefined) return 'there is a web identity'
  const container =
    variables('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') ??
    variables('AWS_CONTAINER_CREDENTIALS_FULL_URI')
  return container === undefined
    ? 'roles, SSO and instances need a package'
    : 'there are container credentials'
}
