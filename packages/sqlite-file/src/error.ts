/**
 * The kinds of errors a program can act on.
 *
 * `NOT_A_DATABASE` the bytes are not a SQLite file, or an encrypted one; `DAMAGED` the file contradicts its format;
 * `UNSUPPORTED` a valid file uses something this package does not read or write; `NOT_FOUND` the file lacks the
 * table or index; `INVALID_ARGUMENT` a wrong argument; `READ_FAILED` a source returned too few bytes;
 * `CLOSED` the file or writer is closed.
 */
export type SqliteFileErrorCode =
  | 'NOT_A_DATABASE'
  | 'DAMAGED'
  | 'UNSUPPORTED'
  | 'NOT_FOUND'
  | 'INVALID_ARGUMENT'
  | 'READ_FAILED'
  | 'CLOSED'

/** Every error of this package. Errors thrown by a source or a sink pass through unchanged. */
export class SqliteFileError extends Error {
  /** Name of the class. */
  override readonly name = 'SqliteFileError'
  /** The kind of failure, to branch on. */
  readonly code: SqliteFileErrorCode
  /** The page the error was found on, if there is one. */
  readonly page: number | undefined

  constructor(
    code: SqliteFileErrorCode,
    message: string,
    options: ErrorOptions & { readonly page?: number | undefined } = {},
  ) {
    super(message, options)
    this.code = code
    this.page = options.page
  }
}

/** The error of a page that contradicts the format. */
export function damaged(page: number, what: string): SqliteFileError {
  const message = `sqlite-file: page ${page} is damaged: ${what}; restore the file from its source`
  return new SqliteFileError('DAMAGED', message, { page })
}

export function invalidArgument(message: string): SqliteFileError {
  return new SqliteFileError('INVALID_ARGUMENT', message)
}

export function unsupported(message: string): SqliteFileError {
  return new SqliteFileError('UNSUPPORTED', message)
}
