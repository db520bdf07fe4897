import type { Origin } from '@shardyfusion/core/extend'
import { UsageError } from '../util/usage-error.js'
import { moduleExport } from './module-export.js'
import { connectionOptions } from './open-options.js'
import type { Settings } from './settings.js'

/** Returns true for `postgres://…`, which names a catalog in PostgreSQL. */
export function isPostgresUrl(given: string | undefined): given is string {
  return given !== undefined && /^postgres(?:ql)?:\/\//.test(given)
}

/**
 * The origin of a catalog in PostgreSQL, whose run records are below the prefix.
 *
 * A password of the URL becomes `PGPASSWORD` of this process: an origin is stored in plans of tasks.
 * Errors: UsageError for a malformed URL, without its text, and without a prefix.
 */
export function postgresOrigin(given: string, settings: Settings): Origin {
  const prefix = settings.text('prefix')
  if (prefix === undefined)
    throw new UsageError('catalog postgres://… needs the prefix of the snapshot; pass --prefix')
  if (!URL.canParse(given))
    throw new UsageError(
      'catalog must be a URL of the form postgres://user@host:port/database, with reserved characters as %XX',
    )
  const url = new URL(given)
  if (url.password !== '') {
    process.env['PGPASSWORD'] = decodeURIComponent(url.password)
    url.password = ''
  }
  const options = settings.text('catalog-options')
  // Keys of S3 would be stored in plans as well; tasks take them from their environment.
  const { s3 = {}, envFile } = connectionOptions(settings, {
    engine: undefined,
    catalog: undefined,
  })
  const { credentials: _, ...connection } = s3
  const module = moduleExport('@shardyfusion/postgres#postgresCatalog', process.cwd())!
  return {
    module: module.slice(0, module.lastIndexOf('#')),
    export: 'postgresCatalog',
    options: {
      ...(options !== undefined && (JSON.parse(options) as object)),
      prefix,
      connectionString: url.href,
      ...(envFile !== undefined && { envFile }),
      ...(Object.keys(connection).length > 0 && { s3: connection }),
    },
  }
}
