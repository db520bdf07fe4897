import {
  type FileMetaData,
  type ParquetParsers,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet'
import { checkOptions } from '../check-options.js'
import { describe } from '../file-path.js'
import { InputError, reasonOf } from '../input-error.js'
import { type InputRecord, type Records, type RecordsInfo, recordsOf } from '../records.js'
import { timestampText } from '../values/temporal.js'
import { type Convert, converterOf, typeName, withoutLossyTypes } from './column-value.js'
import { compressors } from './compressors.js'
import { type OpenSource, openParquetSource, type ParquetSource } from './parquet-source.js'

/** Options of `parquetRecords`. */
export interface ParquetOptions {
  /** Columns to read, by default all. Others are neither fetched nor decoded. */
  columns?: readonly string[] | undefined
  /**
   * The form of binary columns that are not annotated as text: bytes (default), or text for files of
   * older writers, which omit the annotation.
   */
  binary?: 'bytes' | 'text' | undefined
  /** Rows of a batch; 8,192 by default. */
  batchRows?: number | undefined
  /** Ends the iteration and `info()` with its reason, also while a read waits. */
  signal?: AbortSignal | undefined
}

const where = 'parquetRecords'
const DEFAULT_BATCH_ROWS = 8_192
const decoder = new TextDecoder()

/** Exact values where hyparquet's own would lose digits. */
const PARSERS: Partial<ParquetParsers> = {
  // INT96, the timestamps of older Spark and Impala, are in UTC.
  timestampFromNanoseconds: (nanos) => timestampText(nanos, 'NANOS', true),
  jsonFromBytes: (bytes) => (bytes === undefined || bytes === null ? null : decoder.decode(bytes)),
}

/**
 * Reads the rows of a Parquet file, one row group at a time, in order.
 *
 * Compression may be snappy, gzip, zstd, brotli or lz4. A row group is in memory with the chosen columns;
 * the file is closed at the end of each iteration. Errors: InputError for an option that does not exist, a file that is not
 * Parquet, a damaged one, or a column that does not exist; an aborted signal's own reason. Source: the
 * Parquet format, read by hyparquet.
 *
 * @example
 * await writeSnapshot(parquetRecords('prices.parquet', { columns: ['id', 'price'] }), {
 *   prefix, sharding: { shards: 8 }, key: 'id', values: 'json',
 * })
 */
export function parquetRecords(source: ParquetSource, options: ParquetOptions = {}): Records {
  checkOptions(options, ['columns', 'binary', 'batchRows', 'signal'], where)
  const { batchRows = DEFAULT_BATCH_ROWS, binary = 'bytes', columns, signal } = options
  if (!Number.isSafeInteger(batchRows) || batchRows < 1)
    throw new InputError(
      `${where}: batchRows must be an integer of 1 or more (rows), got ${describe(batchRows)}`,
    )
  if (binary !== 'bytes' && binary !== 'text')
    throw new InputError(`${where}: binary must be 'bytes' or 'text', got ${describe(binary)}`)
  return recordsOf(
    () => readBatches(source, { batchRows, isText: binary === 'text', columns, signal }),
    () => withFile(source, signal, readInfo),
  )
}

interface ReadOptions {
  readonly batchRows: number
  readonly isText: boolean
  readonly columns: readonly string[] | undefined
  readonly signal: AbortSignal | undefined
}

async function* readBatches(
  source: ParquetSource,
  { batchRows, isText, columns, signal }: ReadOptions,
): AsyncGenerator<InputRecord[], void, void> {
  signal?.throwIfAborted()
  const open = await openParquetSource(source, where, signal)
  try {
    const metadata = await metadataOf(open)
    const chosen = chooseColumns(metadata, columns, open.name)
    const converters = chosen.map((tree) => columnConverter(tree, isText, open.name))
    const names = chosen.map((tree) => tree.element.name)
    const { ranges, readColumn } = await attempt(open, () =>
      parquetScan({
        file: open.file,
        metadata: withoutLossyTypes(metadata),
        columns: names,
        compressors,
        parsers: PARSERS,
        utf8: false,
        geoparquet: false,
      }),
    )
    for (const { rowStart, rowEnd } of ranges) {
      signal?.throwIfAborted()
      const data = await attempt(open, () =>
        Promise.all(names.map((column) => readColumn({ column, rowStart, rowEnd }))),
      )
      requireRows(data, rowEnd - rowStart, names, open.name)
      for (let at = 0; at < rowEnd - rowStart; at += batchRows) {
        signal?.throwIfAborted()
        const count = Math.min(batchRows, rowEnd - rowStart - at)
        yield rowsOf(data, names, converters, at, count, rowStart, open.name)
      }
    }
  } finally {
    await open.close()
  }
}

/** Turns columns into rows. All rows have the same members in the same order. */
function rowsOf(
  data: readonly ArrayLike<unknown>[],
  names: readonly string[],
  converters: readonly (Convert | undefined)[],
  from: number,
  count: number,
  firstRow: number,
  file: string,
): InputRecord[] {
  const rows: InputRecord[] = Array.from({ length: count }, () => ({}))
  for (const [c, name] of names.entries()) {
    const column = data[c]!
    const convert = converters[c]
    for (let i = 0; i < count; i++) {
      const value = column[from + i] ?? null
      try {
        rows[i]![name] = value === null || convert === undefined ? value : convert(value)
      } catch (cause) {
        throw new InputError(
          `${where}: ${file}: row ${firstRow + from + i}, column ${JSON.stringify(name)}: ${reasonOf(cause)}`,
          { cause },
        )
      }
    }
  }
  return rows
}

function requireRows(
  data: readonly ArrayLike<unknown>[],
  rows: number,
  names: readonly string[],
  file: string,
): void {
  const short = data.findIndex(({ length }) => length !== rows)
  if (short < 0) return
  throw new InputError(
    `${where}: ${file} is damaged: the column ${JSON.stringify(names[short])} must have ${rows} rows in its row group, ` +
      `got ${data[short]!.length}`,
  )
}

async function metadataOf(open: OpenSource): Promise<FileMetaData> {
  // Without this check, the message would be about a footer.
  const head = open.file.byteLength < 12 ? '' : decoder.decode(await open.file.slice(0, 4))
  if (head === 'PARE')
    throw new InputError(`${where}: ${open.name} is encrypted, which is not supported`)
  if (head !== 'PAR1')
    throw new InputError(
      `${where}: expected a Parquet file, but ${open.name} (${open.file.byteLength} bytes) does not start with PAR1`,
    )
  try {
    return await parquetMetadataAsync(open.file, { geoparquet: false })
  } catch (cause) {
    return attempt(open, async () => {
      await requireEnd(open)
      throw cause
    })
  }
}

/** The footer is written last. Errors: InputError. */
async function requireEnd({ file, name }: OpenSource): Promise<void> {
  const { byteLength } = file
  if (decoder.decode(await file.slice(byteLength - 4, byteLength)) === 'PAR1') return
  throw new InputError(
    `${where}: expected PAR1 at the end of ${name}, got another end after ${byteLength} bytes: the file was cut, or its ` +
      'writer was stopped; copy it again, or write it again',
  )
}

function chooseColumns(
  metadata: FileMetaData,
  columns: readonly string[] | undefined,
  file: string,
): SchemaTree[] {
  const trees = parquetSchema(metadata).children
  if (columns === undefined) {
    if (trees.some(({ element }) => element.name === '__proto__')) throw unnameable(file)
    return trees
  }
  if (columns.includes('__proto__')) throw unnameable(file)
  return columns.map((name) => {
    const tree = trees.find(({ element }) => element.name === name)
    if (tree !== undefined) return tree
    const known = trees.map(({ element }) => element.name).join(', ')
    throw new InputError(
      `${where}: ${file} has no column ${JSON.stringify(name)}; its columns are: ${known}`,
    )
  })
}

/** As a member of an object, this name would set its prototype. */
function unnameable(file: string): InputError {
  return new InputError(
    `${where}: ${file} has a column named __proto__, which records cannot have; leave it out of columns`,
  )
}

function columnConverter(tree: SchemaTree, isText: boolean, file: string): Convert | undefined {
  try {
    return converterOf(tree, isText)
  } catch (cause) {
    throw new InputError(`${where}: ${file}: ${reasonOf(cause)}`, { cause })
  }
}

async function readInfo(open: OpenSource): Promise<RecordsInfo> {
  const metadata = await metadataOf(open)
  const columns = parquetSchema(metadata).children.map((tree) => ({
    name: tree.element.name,
    type: typeName(tree),
  }))
  return { rows: Number(metadata.num_rows), columns }
}

async function withFile<T>(
  source: ParquetSource,
  signal: AbortSignal | undefined,
  read: (open: OpenSource) => Promise<T>,
): Promise<T> {
  const open = await openParquetSource(source, where, signal)
  try {
    return await read(open)
  } finally {
    await open.close()
  }
}

/** Names the file in failures of the parser. */
async function attempt<T>(open: OpenSource, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (cause instanceof InputError || open.isAborted()) throw cause
    throw new InputError(`${where}: ${open.name} is damaged or not supported: ${reasonOf(cause)}`, {
      cause,
    })
  }
}
