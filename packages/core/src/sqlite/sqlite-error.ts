import { SqliteFileError } from 'sqlite-file'
import { closed, engineError } from '../errors/error-factories.js'
import { SHARD_FILE } from './shard-file.js'

/**
 * Converts an error of `sqlite-file` to the SDK's error; those of the store and abort reasons pass
 * unchanged.
 */
export function sqliteError(error: unknown, where: string, url: string): unknown {
  if (!(error instanceof SqliteFileError)) return error
  const { code, message } = error
  const file = `${url}/${SHARD_FILE}`
  // Damaged data does not make a reader useless: the next key may be found.
  const data = { cause: error, details: { url, kind: 'Data' } }
  switch (code) {
    case 'CLOSED':
      return closed(where, `the shard ${url} is closed`, { cause: error, details: { url } })
    case 'NOT_A_DATABASE':
      return engineError(
        where,
        `${file} must be a SQLite file, but it starts with other bytes; restore or rebuild the shard`,
        data,
      )
    case 'NOT_FOUND':
      return engineError(
        where,
        `${file} must have a table kv of keys and values: ${message}; rebuild the shard`,
        data,
      )
    case 'UNSUPPORTED':
      return engineError(where, `${file} cannot be read: ${message}`, data)
    case 'READ_FAILED':
      return engineError(
        where,
        `${file} is shorter than its manifest says (${message}); it was cut off or replaced; restore or rebuild ` +
          'the shard',
        data,
      )
    default:
      return engineError(
        where,
        `the data of ${file} cannot be read (${message}); restore or rebuild the shard`,
        data,
      )
  }
}
