import { formatCount } from '../output/units.js'

/**
 * Maximum bytes of a line, or of a row over several lines.
 *
 * A value of 64 MiB fits as base64. Text without line ends is rejected before it fills the memory.
 */
export const MAX_LINE_BYTES = 90 * 1024 * 1024

/** Maximum columns of a CSV row. */
export const MAX_COLUMNS = 100_000

/** Maximum nesting depth of a JSON value. */
export const MAX_NESTING = 1000

/** `MAX_LINE_BYTES` in messages. */
export const LINE_LIMIT_TEXT = `${formatCount(MAX_LINE_BYTES)} bytes (90 MiB)`

/** The message about a row that is not UTF-8. */
export const NOT_UTF8 =
  'it is not UTF-8; convert text in another encoding: iconv -f WINDOWS-1252 -t UTF-8 FILE'

/** `MAX_COLUMNS` in messages. */
export const COLUMN_LIMIT_TEXT = formatCount(MAX_COLUMNS)
