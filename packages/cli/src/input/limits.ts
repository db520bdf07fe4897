/**
 * Bytes a line of text, or a row that runs over several lines, may have.
 *
 * A value of 64 MiB fits in base64. Text without any line end is refused before it fills the memory.
 */
export const MAX_LINE_BYTES = 90 * 1024 * 1024

/** Columns a row of CSV may have. */
export const MAX_COLUMNS = 100_000

/** Arrays and objects inside each other in one value of JSON. */
export const MAX_NESTING = 1000

/** The limit of a line as messages show it. */
export const LINE_LIMIT_TEXT = `${MAX_LINE_BYTES.toLocaleString('en-US')} bytes (90 MiB)`

/** Said of a row that is not UTF-8. */
export const NOT_UTF8 =
  'it is not UTF-8; text in another encoding can be converted: iconv -f WINDOWS-1252 -t UTF-8 FILE'

/** The limit of columns as messages show it. */
export const COLUMN_LIMIT_TEXT = MAX_COLUMNS.toLocaleString('en-US')
