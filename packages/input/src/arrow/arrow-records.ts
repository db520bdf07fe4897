import type * as Arrow from 'apache-arrow'
import type { FileHandle } from 'node:fs/promises'
import { checkOptions } from '../check-options.js'
import { describe, filePathOf } from '../file-path.js'
import { InputError, reasonOf } from '../input-error.js'
import { readRange } from '../read-range.js'
import { type InputRecord, type Records, recordsOf } from '../records.js'
import { type AbortWatch, watchAbort } from '../abort-watch.js'
import { requireEnd, withEndChecked } from './end-mark.js'
import { arrowConverter, type ArrowColumn, arrowTypeName, type MakeColumn } from './arrow-value.js'

/** An Arrow IPC file or stream: a path or `file:` URL, bytes, or pieces of them. */
export type ArrowSource = string | URL | Uint8Array | AsyncIterable<Uint8Array>

/** Options of `arrowRecords`. */
export interface ArrowOptions {
  /** Columns to convert, by default all. */
  columns?: readonly string[] | undefined
  /** Ends the iteration and `info()` with its reason, also while a read waits. */
  signal?: AbortSignal | undefined
}

const where = 'arrowRecords'
const EXPECTED = 'a path, a file: URL, bytes, or an async iterable of them'

/**
 * Reads the rows of an Arrow IPC file (Feather 2) or stream, one record batch at a time, in order.
 *
 * Needs the package apache-arrow. Errors: InputError for an option that does not exist, a file that is not Arrow, a truncated one, or a
 * column that does not exist; an aborted signal's own reason. Source: the Arrow columnar format.
 */
export function arrowRecords(source: ArrowSource, options: ArrowOptions = {}): Records {
  checkOptions(options, ['columns', 'signal'], where)
  const { columns, signal } = options
  return recordsOf(
    () => readBatches(source, columns, signal),
    async () => {
      const { reader, close } = await openReader(source, signal)
      try {
        return {
          rows: undefined,
          columns: reader.schema.fields.map(({ name, type }) => ({
            name,
            type: arrowTypeName(type),
          })),
        }
      } finally {
        await close()
      }
    },
  )
}

async function* readBatches(
  source: ArrowSource,
  columns: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<InputRecord[], void, void> {
  signal?.throwIfAborted()
  const { reader, name, makeColumn, watch, close } = await openReader(source, signal)
  try {
    const known = reader.schema.fields.map((field) => field.name)
    const names = columns ?? known
    const missing = names.find((column) => !known.includes(column))
    if (missing !== undefined)
      throw new InputError(
        `${where}: ${name} has no column ${JSON.stringify(missing)}; its columns are: ${known.join(', ')}`,
      )
    for (;;) {
      const next = await attempt(name, watch, () => watch.race(reader.next()))
      signal?.throwIfAborted()
      if (next.done === true) return
      const batch = next.value
      const found = names.map((column) => batch.getChild(column) as ArrowColumn)
      const converters = found.map((column) => arrowConverter(column.type, makeColumn))
      const rows: InputRecord[] = Array.from({ length: batch.numRows }, () => ({}))
      for (const [c, column] of found.entries()) {
        const convert = converters[c]!
        for (let i = 0; i < rows.length; i++) rows[i]![names[c]!] = convert(column, i)
      }
      yield rows
    }
  } finally {
    await close()
  }
}

interface Reader {
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: unknown }[] }
  next(): Promise<
    IteratorResult<{ readonly numRows: number; getChild(name: string): unknown }, unknown>
  >
}

interface OpenReader {
  readonly reader: Reader
  readonly name: string
  readonly makeColumn: MakeColumn
  readonly watch: AbortWatch
  close(): Promise<void>
}

async function openReader(
  source: ArrowSource,
  signal: AbortSignal | undefined,
): Promise<OpenReader> {
  const path = filePathOf(source, where, EXPECTED)
  requireSource(path ?? source)
  const { RecordBatchReader, Vector } = await loadArrow()
  const makeColumn: MakeColumn = (data) => new Vector([data as never]) as unknown as ArrowColumn
  const name = path === undefined ? 'the stream' : String(path)
  let handle: { close(): Promise<void> } | undefined
  let pieces: AsyncGenerator | undefined
  const watch = watchAbort(signal)
  const close = async (): Promise<void> => {
    watch.end()
    // The reader may have closed it.
    await handle?.close().catch(() => {})
    // After an abort, the source may hang, and so would its end.
    const ending = pieces?.return(undefined).catch(() => {})
    if (!watch.isAborted()) await ending
  }
  try {
    let from: unknown
    if (path !== undefined) {
      const { open } = await import('node:fs/promises')
      const file = await open(path)
      from = handle = file
      await requireEndOfFile(file)
    } else if (ArrayBuffer.isView(source)) {
      requireEnd(source, source)
      from = source
    } else from = pieces = withEndChecked(source as AsyncIterable<Uint8Array>)
    const making = RecordBatchReader.from(from as FileHandle)
    const reader = (await watch.race(making)) as unknown as Reader & {
      open(): Promise<unknown>
      [Symbol.asyncIterator](): AsyncIterator<never>
    }
    await watch.race(reader.open())
    if (reader.schema === undefined || reader.schema === null)
      throw new InputError('it has no schema')
    return { reader, name, makeColumn, watch, close }
  } catch (cause) {
    await close()
    if (watch.isAborted()) throw cause
    throw new InputError(
      `${where}: expected an Arrow IPC file or stream, but ${name} cannot be read: ${reasonOf(cause)}`,
      { cause },
    )
  }
}

function requireSource(source: unknown): void {
  if (typeof source === 'string' || ArrayBuffer.isView(source)) return
  const isObject = typeof source === 'object' && source !== null
  if (isObject && ('protocol' in source || Symbol.asyncIterator in source)) return
  throw new InputError(`${where}: expected ${EXPECTED}, got ${describe(source)}`)
}

async function requireEndOfFile(file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  const head = await readRange(file, 0, Math.min(8, size))
  requireEnd(head, await readRange(file, Math.max(0, size - 8), size))
}

async function loadArrow(): Promise<typeof Arrow> {
  try {
    return await import('apache-arrow')
  } catch (cause) {
    throw new InputError(`${where} needs the package apache-arrow; run npm install apache-arrow`, {
      cause,
    })
  }
}

async function attempt<T>(
  name: string,
  { isAborted }: AbortWatch,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (isAborted()) throw cause
    throw new InputError(`${where}: ${name} is damaged or not supported: ${reasonOf(cause)}`, {
      cause,
    })
  }
}
