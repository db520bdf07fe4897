import { credentialChain } from '#node/store/s3/connect/credential-chain'
import {
  KEY_VARIABLES,
  PROCESS_ONLY_VARIABLES,
  PROFILE_VARIABLE,
} from '../../environment/storage-variables.js'
import { invalidOption } from '../../../errors/error-factories.js'
import { AwsProfiles } from './aws-profiles.js'
import {
  AskedSource,
  type CredentialSource,
  CredentialsProblem,
  fixedSource,
  NO_CREDENTIALS,
  type Variables,
} from './credential-sources.js'
import type { S3Credentials, S3Options } from './s3-options.js'

/** The signing identity: the source of keys, and the profile that was chosen for it. */
export interface Identity {
  readonly credentials: CredentialSource
  /** The profile that `env` or `s3` names; `undefined` leaves it to the process. */
  readonly profile: string | undefined
}

/**
 * Returns the identity of a connection: from `env` and `envFile`, else from `s3`, else from the
 * process; at each of these, keys come before a profile.
 *
 * The chosen source is used as a whole; a lower one never fills its gaps. Errors:
 * SHARD_INVALID_OPTION.
 */
export function resolveIdentity(
  { credentials: option, profile }: Pick<S3Options, 'credentials' | 'profile'>,
  explicit: Variables,
  ambient: Variables,
  where: string,
): Identity {
  const given = keysOf(explicit)
  if (given !== undefined) return keys(fixedSource('environment', given))
  refuseHalfKeys(explicit, where)
  const either: Variables = (name) => explicit(name) ?? ambient(name)
  const named = (name: string | undefined): Identity => ({
    credentials: profileOrChain(name ?? ambient(PROFILE_VARIABLE), either, where),
    profile: name,
  })
  const inEnv = explicit(PROFILE_VARIABLE)
  if (inEnv !== undefined) return named(inEnv)
  refuseProcessOnly(explicit, ambient, where)
  if (typeof option === 'function') {
    return keys(new AskedSource({ kind: 'function', ask: option, where }))
  }
  if (typeof option === 'object') return keys(fixedSource('static', option))
  if (option === 'none') return keys(NO_CREDENTIALS)
  if (profile !== undefined) return named(profile)
  const found = keysOf(ambient)
  // The chain of AWS prefers a profile that the process names to keys.
  const prefersProfile = option === 'default' && ambient(PROFILE_VARIABLE) !== undefined
  if (found !== undefined && !prefersProfile) return keys(fixedSource('environment', found))
  if (option !== 'env') return named(undefined)
  throw invalidOption(
    where,
    "s3.credentials is 'env', but S3_ACCESS_KEY_ID or AWS_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY or " +
      'AWS_SECRET_ACCESS_KEY are not both set; set them, or pass the keys',
  )
}

function keys(credentials: CredentialSource): Identity {
  return { credentials, profile: undefined }
}

/** Takes each field from `S3_…`, else `AWS_…` (wire-format §12.1). */
function keysOf(get: Variables): S3Credentials | undefined {
  const first = (names: readonly string[]): string | undefined =>
    names.map(get).find((value) => value !== undefined)
  const accessKeyId = first(KEY_VARIABLES.accessKeyId)
  const secretAccessKey = first(KEY_VARIABLES.secretAccessKey)
  const sessionToken = first(KEY_VARIABLES.sessionToken)
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, sessionToken }
}

/**
 * Returns the keys in a profile, or the credential chain of AWS if it has none or assumes a role.
 * `name` is `undefined` for the profile `default`.
 */
function profileOrChain(
  name: string | undefined,
  variables: Variables,
  where: string,
): CredentialSource {
  // Read each time: other programs renew the keys in these files.
  const inFiles = (): S3Credentials | undefined =>
    new AwsProfiles(variables).find(name ?? 'default')?.keys
  if (inFiles() === undefined) {
    return new AskedSource({
      kind: 'chain',
      ask: credentialChain(name, variables),
      where,
      engineRenews: (found) => engineRenews(found, variables),
    })
  }
  const ask = (): S3Credentials => {
    const found = inFiles()
    if (found !== undefined) return found
    throw new CredentialsProblem(`the profile ${JSON.stringify(name ?? 'default')} has no keys now`)
  }
  return new AskedSource({ kind: 'profile', ask, where })
}

function refuseHalfKeys(explicit: Variables, where: string): void {
  const { accessKeyId, secretAccessKey } = KEY_VARIABLES
  const there = [...accessKeyId, ...secretAccessKey].find((name) => explicit(name) !== undefined)
  if (there === undefined) return
  throw invalidOption(
    where,
    `env and envFile must set an access key id and its secret, got ${there} alone; add the other, or leave both out`,
  )
}

/** Refuses sources that work only in the process, instead of ignoring them silently. */
function refuseProcessOnly(explicit: Variables, ambient: Variables, where: string): void {
  for (const name of PROCESS_ONLY_VARIABLES) {
    const value = explicit(name)
    if (value === undefined || value === ambient(name)) continue
    throw invalidOption(
      where,
      `${name} works in the environment of the process alone, got it in env or envFile; set it there, or pass a ` +
        'function as s3.credentials',
    )
  }
}

/**
 * Returns true if an engine finds the keys of the chain itself and renews them while it is open:
 * those of an EC2 instance, a container or a web identity. Keys passed to it expire with their
 * session.
 */
function engineRenews({ $source, expiration }: S3Credentials, variables: Variables): boolean {
  // Codes by which the AWS SDK reports the source of keys.
  const codes = Object.keys(($source ?? {}) as object).filter((code) =>
    code.startsWith('CREDENTIALS_'),
  )
  if (codes.some((code) => code.startsWith('CREDENTIALS_PROFILE'))) return false
  if (codes.includes('CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN')) return true
  if (codes.includes('CREDENTIALS_HTTP')) {
    // The engine uses a full URI only with a token file (EKS pod identity).
    return (
      variables('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') !== undefined ||
      variables('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') !== undefined
    )
  }
  // Instance metadata is the only source of expiring keys without a code.
  if (codes.length === 0) return expiration !== undefined
  return codes.includes('CREDENTIALS_IMDS')
}
