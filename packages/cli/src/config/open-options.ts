import type { EngineChoice } from '@shardyfusion/core/extend'
import type { SnapshotReaderOptions } from '@shardyfusion/core'
import { UsageError } from '../util/usage-error.js'
import type { Parts } from './parts.js'
import type { SettingValue } from './parse-setting.js'
import type { Settings } from './settings.js'

/** How storage is reached. */
export interface ConnectionOptions extends Pick<SnapshotReaderOptions, 'envFile' | 's3'> {
  readonly engine: EngineChoice | undefined
}

/** Options of every call of the library. */
export interface OpenOptions
  extends ConnectionOptions, Pick<SnapshotReaderOptions, 'prefix' | 'catalog'> {}

const CREDENTIALS = ['s3.access-key-id', 's3.secret-access-key', 's3.session-token']

/**
 * Settings as options of the library. Errors: UsageError without a prefix.
 *
 * What stands in variables the library reads by itself is left to it; since there options win over variables,
 * settings of a file that such a variable overrules have been dropped before.
 */
export function openOptions(settings: Settings, parts: Parts): OpenOptions {
  const prefix = settings.text('prefix')
  if (prefix === undefined) {
    throw new UsageError(
      'say where the snapshot lies: --prefix, SHARDY_PREFIX, or prefix in shardy.toml, got none of them',
    )
  }
  return { prefix, catalog: parts.catalog, ...connectionOptions(settings, parts) }
}

/** The same for commands that have the prefix from a plan. */
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
    if (!name.startsWith('s3.') || CREDENTIALS.includes(name)) continue
    if (spec.ambient === true && from === 'environment') continue
    s3[camelCase(name.slice(3))] = value
  }
  const credentials = fixedCredentials(all)
  if (credentials !== undefined) s3['credentials'] = credentials
  return Object.keys(s3).length === 0 ? undefined : (s3 as OpenOptions['s3'])
}

/** Keys belong together: those of a file do not mix with those of the environment. */
function fixedCredentials(all: Settings['all']): object | undefined {
  const found = CREDENTIALS.map((name) => all.get(name))
  const [id, secret, token] = found
  const strongest = ['flag', 'environment', 'file'].find((from) =>
    found.some((setting) => setting?.from === from),
  )
  if (strongest === undefined || strongest === 'environment') return undefined
  if (id?.from !== strongest || secret?.from !== strongest) {
    throw new UsageError(
      'S3 keys must come from one place: access-key-id and secret-access-key were not given together',
    )
  }
  return {
    accessKeyId: id.value,
    secretAccessKey: secret.value,
    ...(token?.from === strongest && { sessionToken: token.value }),
  }
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
