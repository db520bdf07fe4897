import { SqliteFileError, unsupported } from '../error.js'
import { readU16, readU32, writeU16, writeU32 } from './varint.js'

export const HEADER_BYTES = 100
const MAGIC = 'SQLite format 3\0'
/** The release whose format is written; SQLite shows it and does not depend on it. */
const SQLITE_VERSION = 3_046_001

/** Encoding of texts in a file. */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be'
const ENCODINGS: readonly TextEncoding[] = ['utf-8', 'utf-16le', 'utf-16be']

/** The fields of the header that reading needs. */
export interface FileHeader {
  /** Bytes of a page: a power of two from 512 to 65536. */
  readonly pageSize: number
  /** Bytes of a page that hold data; the rest is reserved for extensions. */
  readonly usableBytes: number
  /** Pages of the file. */
  readonly pageCount: number
  /** Encoding of texts. */
  readonly encoding: TextEncoding
  /** Number that `PRAGMA application_id` sets. */
  readonly applicationId: number
  /** Number that `PRAGMA user_version` sets. */
  readonly userVersion: number
  /** Counts the transactions that changed the file; 1 in files that this package wrote. */
  readonly changeCounter: number
  /** 1 to 4; only version 4 has descending indexes. */
  readonly schemaFormat: number
  /** True if the file was last used with a write-ahead log, whose content is not part of the file. */
  readonly walMode: boolean
  /** First page of the list of unused pages, 0 if there is none, and how many there are. */
  readonly freelistHead: number
  /** Unused pages. */
  readonly freelistCount: number
  /** True if the file has pointer-map pages. */
  readonly autoVacuum: boolean
}

/**
 * Reads the first 100 bytes of a file of `fileBytes` bytes.
 *
 * Errors: NOT_A_DATABASE, UNSUPPORTED (a later format), DAMAGED (shorter than it says, or impossible fields).
 */
export function readHeader(bytes: Uint8Array, fileBytes: number): FileHeader {
  const magic = String.fromCharCode(...bytes.subarray(0, 16))
  if (bytes.length < HEADER_BYTES || magic !== MAGIC) {
    const found = fileBytes === 0 ? 'an empty file' : 'other bytes'
    throw new SqliteFileError(
      'NOT_A_DATABASE',
      `sqlite-file: expected a file that starts with "SQLite format 3", got ${found}; it is no SQLite file, or an encrypted one`,
    )
  }
  const stored = readU16(bytes, 16)
  const pageSize = stored === 1 ? 65536 : stored
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) {
    throw wrong(`the page size is ${pageSize}, expected a power of two from 512 to 65536`)
  }
  if (bytes[19]! > 2) {
    throw unsupported(
      `sqlite-file: the file has read version ${bytes[19]}, expected 1 or 2; read it with SQLite`,
    )
  }
  const usableBytes = pageSize - bytes[20]!
  if (usableBytes < 480) throw wrong(`${usableBytes} usable bytes a page, expected at least 480`)
  if (bytes[21] !== 64 || bytes[22] !== 32 || bytes[23] !== 32) {
    throw wrong('the payload fractions are not 64, 32, 32')
  }
  const schemaFormat = readU32(bytes, 44)
  if (schemaFormat > 4) {
    throw unsupported(
      `sqlite-file: the file has schema format ${schemaFormat}, expected at most 4; read it with SQLite`,
    )
  }
  const encoding = readU32(bytes, 56)
  // A database without tables may have no encoding yet.
  if (encoding > 3) throw wrong(`text encoding ${encoding}, expected 1, 2 or 3`)
  return {
    pageSize,
    usableBytes,
    pageCount: pageCountOf(bytes, fileBytes, pageSize),
    encoding: ENCODINGS[Math.max(0, encoding - 1)]!,
    applicationId: readU32(bytes, 68),
    userVersion: readU32(bytes, 60) | 0,
    changeCounter: readU32(bytes, 24),
    schemaFormat,
    walMode: bytes[19] === 2,
    freelistHead: readU32(bytes, 32),
    freelistCount: readU32(bytes, 36),
    autoVacuum: readU32(bytes, 52) !== 0,
  }
}

function pageCountOf(bytes: Uint8Array, fileBytes: number, pageSize: number): number {
  const bySize = Math.floor(fileBytes / pageSize)
  const byHeader = readU32(bytes, 28)
  // Old releases do not keep the count; the two counters agree only if the one in the header is current.
  const isCurrent = byHeader > 0 && readU32(bytes, 24) === readU32(bytes, 92)
  const count = isCurrent ? byHeader : bySize
  if (count > bySize || count === 0) {
    throw wrong(
      `its header names ${count} pages of ${pageSize} bytes, but it has ${fileBytes} bytes; it was cut off`,
    )
  }
  return count
}

function wrong(what: string): SqliteFileError {
  return new SqliteFileError('DAMAGED', `sqlite-file: the header of the file is damaged: ${what}`, {
    page: 1,
  })
}

export interface HeaderFields {
  readonly pageSize: number
  readonly pageCount: number
  readonly applicationId: number
  readonly userVersion: number
}

/** Writes the header of a new file: rollback journal, UTF-8, no free pages, nothing reserved. */
export function writeHeader(bytes: Uint8Array, fields: HeaderFields): void {
  for (let i = 0; i < MAGIC.length; i++) bytes[i] = MAGIC.charCodeAt(i)
  writeU16(bytes, 16, fields.pageSize === 65536 ? 1 : fields.pageSize)
  bytes.set([1, 1, 0, 64, 32, 32], 18)
  const changeCounter = 1
  writeU32(bytes, 24, changeCounter)
  writeU32(bytes, 28, fields.pageCount)
  const schemaCookie = 1
  writeU32(bytes, 40, schemaCookie)
  writeU32(bytes, 44, 4)
  writeU32(bytes, 56, 1)
  writeU32(bytes, 60, fields.userVersion)
  writeU32(bytes, 68, fields.applicationId)
  // The page count above is valid for this change counter.
  writeU32(bytes, 92, changeCounter)
  writeU32(bytes, 96, SQLITE_VERSION)
}
