import { BYTE_FORMATS } from '../output/render-bytes.js'
import { OUTPUT_FORMATS } from '../output/printer.js'

/** The type of a setting. */
export type SettingKind =
  | { readonly type: 'text' }
  /** A path or a URL. Relative paths start at the folder of the settings file, else at the current folder. */
  | { readonly type: 'path' | 'location' }
  | { readonly type: 'integer'; readonly unit: string }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** A name, a URL of one of the schemes, or `module#export`. Relative paths resolve as above. */
  | {
      readonly type: 'module'
      readonly names: readonly string[]
      readonly schemes?: readonly string[]
    }
  /** JSON text, or a TOML value in a settings file. */
  | { readonly type: 'json' }

export interface SettingSpec {
  /** The name in files and flags: `prefix`, `s3.max-attempts`. */
  readonly name: string
  readonly kind: SettingKind
  /** Environment variables; the first one that is set is used. */
  readonly env: readonly string[]
  readonly about: string
  readonly secret?: boolean
  /** Set if the library reads these variables directly. */
  readonly ambient?: boolean
}

const text = { type: 'text' } as const

/** Built-in engines, which need no module: runtimes of SlateDB, and SQLite. */
export const ENGINE_NAMES: readonly string[] = [
  'auto',
  'wasm',
  'native',
  'sqlite',
  'sqlite-vec',
  'lancedb',
  'slatedb+lancedb',
  'sqlite+lancedb',
]

/** All settings. Files, environment, `config show` and the manual page use this list. */
export const SETTINGS: readonly SettingSpec[] = [
  {
    name: 'prefix',
    kind: { type: 'location' },
    env: ['SHARDY_PREFIX'],
    about: 'location of the snapshot: s3://bucket/path, file:///path, or a folder',
  },
  {
    name: 'engine',
    kind: { type: 'module', names: ENGINE_NAMES },
    env: ['SHARDY_ENGINE'],
    about: `engine that reads and writes shards: ${ENGINE_NAMES.join(', ')}, or module#export`,
  },
  {
    name: 'engine-options',
    kind: { type: 'json' },
    env: ['SHARDY_ENGINE_OPTIONS'],
    about:
      'options of the engine (JSON), if it is sqlite, sqlite-vec or module#export, or those of lancedb',
  },
  {
    name: 'catalog',
    kind: { type: 'module', names: [], schemes: ['postgres', 'postgresql'] },
    env: ['SHARDY_CATALOG'],
    about:
      'catalog that stores manifests, as postgres://user@host/database or module#export; by default they are stored below the prefix',
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
    about: 'allowed shard locations: below the prefix, any, or rebase for a copied snapshot',
  },
  {
    name: 'cache.folder',
    kind: { type: 'path' },
    env: ['SHARDY_CACHE'],
    about: 'folder in which parts of shards are cached, for this and later calls',
  },
  {
    name: 'cache.max-bytes',
    kind: { type: 'integer', unit: 'bytes' },
    env: [],
    about: 'maximum bytes of the cache; 1 GiB by default',
  },
  {
    name: 'timeout-ms',
    kind: { type: 'integer', unit: 'milliseconds' },
    env: ['SHARDY_TIMEOUT_MS'],
    about: 'time limit of one call to the snapshot',
  },
  {
    name: 'format',
    kind: { type: 'choice', choices: OUTPUT_FORMATS },
    env: ['SHARDY_FORMAT'],
    about: 'output format',
  },
  {
    name: 'keys',
    kind: { type: 'choice', choices: BYTE_FORMATS },
    env: ['SHARDY_KEYS'],
    about: 'format of keys, in arguments and in the output',
  },
  {
    name: 'values',
    kind: { type: 'choice', choices: BYTE_FORMATS },
    env: ['SHARDY_VALUES'],
    about: 'format of values in the output',
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
    about: 'server to use instead of AWS: https://host[:port]',
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
    about: 'whether the bucket is in the path or in the host name',
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
    about: 'PEM file of additional trusted certificate authorities',
  },
  {
    name: 's3.connect-timeout-ms',
    kind: { type: 'integer', unit: 'milliseconds' },
    env: [],
    about: 'time limit of connecting',
  },
  {
    name: 's3.request-timeout-ms',
    kind: { type: 'integer', unit: 'milliseconds' },
    env: [],
    about: 'time limit of one attempt at a request',
  },
  {
    name: 's3.max-attempts',
    kind: { type: 'integer', unit: 'attempts' },
    env: [],
    about: 'maximum attempts at one request, including the first',
  },
  {
    name: 's3.credentials',
    kind: { type: 'choice', choices: ['env', 'default', 'none'] },
    env: [],
    about:
      'env for S3_… and AWS_… variables, default for the credential chain of AWS, none for unsigned requests',
  },
  {
    name: 's3.profile',
    kind: text,
    env: ['AWS_PROFILE'],
    about: 'profile of the AWS configuration files that supplies keys, region and endpoint',
    ambient: true,
  },
  {
    name: 's3.server-side-encryption',
    kind: { type: 'choice', choices: ['AES256', 'aws:kms', 'aws:kms:dsse'] },
    env: [],
    about: 'how the server encrypts stored objects; by default as the bucket is configured',
  },
  {
    name: 's3.kms-key-id',
    kind: text,
    env: [],
    about: 'id or ARN of the KMS key',
  },
  {
    name: 's3.requester-pays',
    kind: { type: 'boolean' },
    env: [],
    about: 'true pays for the requests of a bucket whose owner does not',
  },
  {
    name: 's3.checksum',
    kind: { type: 'choice', choices: ['auto', 'md5'] },
    env: [],
    about: 'md5 sends Content-MD5 with each object; auto does where the bucket demands it',
  },
  {
    name: 's3.proxy',
    kind: text,
    // The library reads HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.
    env: [],
    about: 'HTTP proxy: http(s)://[user:password@]host[:port], or none',
    secret: true,
  },
  {
    name: 's3.access-key-id',
    kind: text,
    env: ['S3_ACCESS_KEY_ID', 'AWS_ACCESS_KEY_ID'],
    about: 'access key id; set it together with s3.secret-access-key',
    secret: true,
    ambient: true,
  },
  {
    name: 's3.secret-access-key',
    kind: text,
    env: ['S3_SECRET_ACCESS_KEY', 'AWS_SECRET_ACCESS_KEY'],
    about: 'secret of the access key',
    secret: true,
    ambient: true,
  },
  {
    name: 's3.session-token',
    kind: text,
    env: ['S3_SESSION_TOKEN', 'AWS_SESSION_TOKEN'],
    about: 'session token of temporary keys',
    secret: true,
    ambient: true,
  },
]

export const SETTINGS_BY_NAME: ReadonlyMap<string, SettingSpec> = new Map(
  SETTINGS.map((spec) => [spec.name, spec]),
)
