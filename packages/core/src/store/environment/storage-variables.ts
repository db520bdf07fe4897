/** Names of the same setting; the first that is set wins (wire-format §12.1). */
export const ENDPOINT_VARIABLES = [
  'SLATEDB_S3_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT',
] as const
export const REGION_VARIABLES = ['S3_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION'] as const
export const KEY_VARIABLES = {
  accessKeyId: ['S3_ACCESS_KEY_ID', 'AWS_ACCESS_KEY_ID'],
  secretAccessKey: ['S3_SECRET_ACCESS_KEY', 'AWS_SECRET_ACCESS_KEY'],
  sessionToken: ['S3_SESSION_TOKEN', 'AWS_SESSION_TOKEN'],
} as const
export const PROFILE_VARIABLE = 'AWS_PROFILE'
/** Sources of keys that the AWS SDK and the native engine read from the process alone. */
export const PROCESS_ONLY_VARIABLES = [
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
] as const

const IDENTITY_VARIABLES: readonly string[] = [
  ...KEY_VARIABLES.accessKeyId,
  ...KEY_VARIABLES.secretAccessKey,
  ...KEY_VARIABLES.sessionToken,
  PROFILE_VARIABLE,
  ...PROCESS_ONLY_VARIABLES,
]
const DECIDES_IDENTITY: readonly string[] = [
  ...KEY_VARIABLES.accessKeyId,
  PROFILE_VARIABLE,
  ...PROCESS_ONLY_VARIABLES,
]

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Merges the variables of two sources; `upper` wins over `lower`.
 *
 * One source decides the identity, the endpoint and the region as a whole: if `upper` sets one of
 * them, all names of that setting in `lower` are dropped, so that a key of one source never meets
 * the secret of the other.
 */
export function overlayVariables(lower: Variables, upper: Variables): Variables {
  const names = [
    [IDENTITY_VARIABLES, DECIDES_IDENTITY],
    [ENDPOINT_VARIABLES, ENDPOINT_VARIABLES],
    [REGION_VARIABLES, REGION_VARIABLES],
  ] as const
  const gone = new Set(
    names.flatMap(([all, deciding]) => (deciding.some((name) => upper[name]) ? all : [])),
  )
  const kept = Object.entries(lower).filter(([name]) => !gone.has(name))
  return { ...Object.fromEntries(kept), ...upper }
}
