import type { EngineChoice } from '@shardyfusion/core/extend'
import type { SnapshotReaderOptions } from '@shardyfusion/core'
import { UsageError } from '../util/usage-error.js'
import type { Parts } from './parts.js'
import type { SettingValue } from './parse-setting.js'
import type { Settings } from './settings.js'

/** Options to connect to storage. */
export interface ConnectionOptions extends Pick<SnapshotReaderOptions, 'envFile' | 's3'> {
  readonly engine: EngineChoice | undefined
}

/** Options of every call of the library. */
export interface OpenOptions
  extends ConnectionOptions, Pick<SnapshotReaderOptions, 'prefix' | 'catalog'> {}

const CREDENTIALS = ['s3.access-key-id', 's3.secret-access-key', 's3.session-token']
const PROFILE = 's3.profile'

/**
 * Converts settings to options of the library. Errors: UsageError without a prefix.
 *
 * Omits values from variables that the library reads directly. In the library, options override variables. A file
 * setting that such a variable overrides is therefore already removed from the settings.
 */
export function openOptions(settings: Settings, parts: Parts): OpenOptions {
  const prefix = settings.text('prefix')
  if (prefix === undefined) {
    throw new UsageError(
      'the location of the snapshot is missing; pass --prefix, set SHARDY_PREFIX, or add prefix to shardy.toml',
    )
  }
  return { prefix, catalog: parts.catalog, ...connectionOptions(settings, parts) }
}

/** Options of the cache of readers; `undefined` without a folder. */
export function cacheOptions(settings: Settings): SnapshotReaderOptions['cache'] {
  const folder = settings.text('cache.folder')
  if (folder === undefined) return undefined
  return { folder, maxBytes: settings.integer('cache.max-bytes') }
}

/** The same for commands that take the prefix from a plan. */
export function connectionOptions(settings: Settings, parts: Parts): ConnectionOptions {
  return {
    engine: parts.engine,
    envFile: settings.text('env-file'),
    s3: s3Options(settings),
  }
}

function s3Options({ all }: Settings): OpenOptions['s3'] {
  const s3: Record<string, SettingValue | object> = {}
  for (const [name, { value, spec, from }] of all) {
    if (!name.startsWith('s3.') || CREDENTIALS.includes(name) || name === PROFILE) continue
    if (spec.ambient === true && from === 'environment') continue
    s3[camelCase(name.slice(3))] = value
  }
  if (s3['proxy'] === 'none') s3['proxy'] = false
  Object.assign(s3, identityOf(all))
  return Object.keys(s3).length === 0 ? undefined : (s3 as OpenOptions['s3'])
}

/** Keys and profile come from one source: those of a file never mix with those of the environment. */
function identityOf(all: Settings['all']): Pick<NonNullable<OpenOptions['s3']>, 'profile'> {
  const found = [...CREDENTIALS, PROFILE].map((name) => all.get(name))
  const strongest = ['flag', 'environment', 'file'].find((from) =>
    found.some((setting) => setting?.from === from),
  )
  // The library reads the environment.
  if (strongest === undefined || strongest === 'environment') return {}
  const [id, secret, token, profile] = found.map((setting) =>
    setting?.from === strongest ? (setting.value as string) : undefined,
  )
  return {
    ...(profile !== undefined && { profile }),
    ...((id ?? secret ?? token) !== undefined && { credentials: fixedKeys(id, secret, token) }),
  }
}

function fixedKeys(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
): NonNullable<NonNullable<OpenOptions['s3']>['credentials']> {
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new UsageError(
      'S3 keys must come from one source, got only one of access-key-id and secret-access-key; set both in one place',
    )
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
