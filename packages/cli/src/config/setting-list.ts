import { BYTE_FORMATS } from '../output/render-bytes.js'
import { OUTPUT_FORMATS } from '../output/printer.js'

/** What a setting may hold. */
export type SettingKind =
  | { readonly type: 'text' }
  /** A path, or a URL; relative to the folder of the file it stands in, or to the current one. */
  | { readonly type: 'path' | 'location' }
  | { readonly type: 'integer'; readonly unit: string }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** A name, or `module#export`; a path is relative as above. */
  | { readonly type: 'module'; readonly names: readonly string[] }
  /** JSON, as text or, in a file, as it is. */
  | { readonly type: 'json' }

export interface SettingSpec {
  /** As in files, and as flags: `prefix`, `s3.max-attempts`. */
  readonly name: string
  readonly kind: SettingKind
  /** Environment variables that hold it, the first that is set counts. */
  readonly env: readonly string[]
  readonly about: string
  readonly secret?: boolean
  /** Set when the library reads the environment by itself. */
  readonly ambient?: boolean
}

const text = { type: 'text' } as const

/** Engines that need no module. */
export const ENGINE_NAMES: readonly string[] = ['auto', 'wasm', 'native']

/** Every setting there is; files, environment, `config show` and the manual page follow this list. */
export const SETTINGS: readonly SettingSpec[] = [
  {
    name: 'prefix',
    kind: { type: 'location' },
    env: ['SHARDY_PREFIX'],
    about: 'where the snapshot lies: s3://bucket/path, file:///path, or a folder',
  },
  {
    name: 'engine',
    kind: { type: 'module', names: ENGINE_NAMES },
    env: ['SHARDY_ENGINE'],
    about: 'what reads and writes shards: auto, wasm, native or module#export',
  },
  {
    name: 'engine-options',
    kind: { type: 'json' },
    env: ['SHARDY_ENGINE_OPTIONS'],
    about: 'options of the engine, with module#export (JSON)',
  },
  {
    name: 'catalog',
    kind: { type: 'module', names: [] },
    env: ['SHARDY_CATALOG'],
    about: 'where manifests and run records are kept, if not below the prefix: module#export',
  },
  {
    name: 'catalog-options',
    kind: { type: 'json' },
    env: ['SHARDY_CATALOG_OPTIONS'],
    about: 'options of the catalog (JSON)',
  },
  {
    name: 'shard-urls',
    kind: { type: 'choice', choices: ['below', 'any', 'rebase'] },
    env: ['SHARDY_SHARD_URLS'],
    about: 'where shards may lie; rebase for a snapshot that was copied',
  },
  {
    name: 'timeout-ms',
    kind: { type: 'integer', unit: 'milliseconds' },
    env: ['SHARDY_TIMEOUT_MS'],
    about: 'bound on one call to the snapshot',
  },
  {
    name: 'format',
    kind: { type: 'choice', choices: OUTPUT_FORMATS },
    env: ['SHARDY_FORMAT'],
    about: 'how results are printed',
  },
  {
    name: 'keys',
    kind: { type: 'choice', choices: BYTE_FORMATS },
    env: ['SHARDY_KEYS'],
    about: 'how keys are given and shown',
  },
  {
    name: 'values',
    kind: { type: 'choice', choices: BYTE_FORMATS },
    env: ['SHARDY_VALUES'],
    about: 'how values are shown',
  },
  {
    name: 'env-file',
    kind: { type: 'path' },
    env: ['SHARDY_ENV_FILE'],
    about: 'file of KEY=value lines, such as credentials',
  },
  {
    name: 's3.endpoint',
    kind: text,
    env: ['SLATEDB_S3_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT'],
    about: 'server to ask instead of AWS: https://host[:port]',
    ambient: true,
  },
  {
    name: 's3.region',
    kind: text,
    env: ['S3_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
    about: 'region of the bucket',
    ambient: true,
  },
  {
    name: 's3.addressing',
    kind: { type: 'choice', choices: ['auto', 'path', 'virtual'] },
    env: [],
    about: 'bucket in the path or in the host name',
  },
  {
    name: 's3.verify-tls',
    kind: { type: 'boolean' },
    env: [],
    about: 'false accepts any certificate',
  },
  {
    name: 's3.ca-file',
    kind: { type: 'path' },
    env: [],
    about: 'PEM file of authorities to trust',
  },
  {
    name: 's3.connect-timeout-ms',
    kind: { type: 'integer', unit: 'milliseconds' },
    env: [],
    about: 'bound on making a connection',
  },
  {
    name: 's3.request-timeout-ms',
    kind: { type: 'integer', unit: 'milliseconds' },
    env: [],
    about: 'bound on one attempt at a request',
  },
  {
    name: 's3.max-attempts',
    kind: { type: 'integer', unit: 'attempts' },
    env: [],
    about: 'attempts at one request',
  },
  {
    name: 's3.credentials',
    kind: { type: 'choice', choices: ['env', 'default'] },
    env: [],
    about: 'env for S3_… and AWS_… variables, default for the chain of the AWS SDK',
  },
  {
    name: 's3.access-key-id',
    kind: text,
    env: ['S3_ACCESS_KEY_ID', 'AWS_ACCESS_KEY_ID'],
    about: 'keys of one identity',
    secret: true,
    ambient: true,
  },
  {
    name: 's3.secret-access-key',
    kind: text,
    env: ['S3_SECRET_ACCESS_KEY', 'AWS_SECRET_ACCESS_KEY'],
    about: '',
    secret: true,
    ambient: true,
  },
  {
    name: 's3.session-token',
    kind: text,
    env: ['S3_SESSION_TOKEN', 'AWS_SESSION_TOKEN'],
    about: '',
    secret: true,
    ambient: true,
  },
]

export const SETTINGS_BY_NAME: ReadonlyMap<string, SettingSpec> = new Map(
  SETTINGS.map((spec) => [spec.name, spec]),
)
