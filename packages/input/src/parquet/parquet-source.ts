import { describe, filePathOf } from '../file-path.js'
import { InputError, reasonOf } from '../input-error.js'
import { readRange } from '../read-range.js'
import { watchAbort } from '../abort-watch.js'

/** Bytes that are read by range, such as those of an object store. */
export interface RandomAccess {
  /** Size of the file. */
  readonly byteLength: number
  /** Reads the bytes `[start, end)`. */
  slice(
    start: number,
    end?: number,
  ): ArrayBuffer | Uint8Array | Promise<ArrayBuffer> | Promise<Uint8Array>
}

/** A Parquet file: a path or `file:` URL, bytes, a `Blob`, or anything read by range. */
export type ParquetSource = string | URL | Uint8Array | ArrayBuffer | Blob | RandomAccess

/** Bytes as hyparquet reads them. */
export interface OpenFile {
  readonly byteLength: number
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>
}

/** An open source, and how to close it. */
export interface OpenSource {
  readonly file: OpenFile
  readonly name: string
  /** True if reads fail with the reason of a signal. */
  isAborted(): boolean
  close(): Promise<void>
}

const EXPECTED = 'a path, a file: URL, bytes, a Blob or { byteLength, slice }'

/** Opens a source, whose reads end with the signal's reason. Errors: InputError naming the file. */
export async function openParquetSource(
  source: ParquetSource,
  where: string,
  signal: AbortSignal | undefined,
): Promise<OpenSource> {
  const { file, name, close } = await openAny(source, where)
  const watch = watchAbort(signal)
  return {
    file: {
      byteLength: file.byteLength,
      slice: (start, end) => watch.race(file.slice(start, end)),
    },
    name,
    isAborted: watch.isAborted,
    close() {
      watch.end()
      return close()
    },
  }
}

async function openAny(source: ParquetSource, where: string): Promise<Opened> {
  const path = filePathOf(source, where, EXPECTED)
  if (path !== undefined) return openFile(path, where)
  const close = async (): Promise<void> => {}
  if (ArrayBuffer.isView(source)) {
    const { buffer, byteOffset, byteLength } = source
    const slice = (start: number, end = byteLength): ArrayBuffer =>
      buffer.slice(byteOffset + start, byteOffset + end) as ArrayBuffer
    return { file: { byteLength, slice }, name: 'the buffer', close }
  }
  if (isBlob(source)) {
    const slice = (start: number, end?: number) => source.slice(start, end).arrayBuffer()
    return { file: { byteLength: source.size, slice }, name: 'the blob', close }
  }
  const { slice, byteLength } = (source ?? {}) as Partial<RandomAccess>
  if (typeof slice === 'function' && Number.isSafeInteger(byteLength))
    return { file: checked(source as RandomAccess, where), name: 'the source', close }
  throw new InputError(`${where}: expected ${EXPECTED}, got ${describe(source)}`)
}

/** Checks what a source of the caller returns: the parser would fail far from the reason. */
function checked(source: RandomAccess, where: string): OpenFile {
  const { byteLength } = source
  const slice = async (start: number, end = byteLength): Promise<ArrayBuffer> => {
    const found: unknown = await source.slice(start, end)
    const bytes = ArrayBuffer.isView(found)
      ? found.buffer.slice(found.byteOffset, found.byteOffset + found.byteLength)
      : (found as ArrayBuffer | undefined)
    if (bytes?.byteLength === end - start) return bytes as ArrayBuffer
    const got = bytes?.byteLength === undefined ? describe(found) : `${bytes.byteLength} bytes`
    throw new InputError(
      `${where}: slice(${start}, ${end}) of the source must return ${end - start} bytes, got ${got}`,
    )
  }
  return { byteLength, slice }
}

function isBlob(source: unknown): source is Blob {
  // A Response has `arrayBuffer` alone.
  const { arrayBuffer, slice, size } = (source ?? {}) as Partial<Blob>
  return (
    typeof arrayBuffer === 'function' && typeof slice === 'function' && typeof size === 'number'
  )
}

type Opened = Omit<OpenSource, 'isAborted'>

async function openFile(path: string | URL, where: string): Promise<Opened> {
  const { open } = await import('node:fs/promises')
  const name = String(path)
  let handle
  try {
    handle = await open(path)
    const { size } = await handle.stat()
    const file = handle
    const slice = async (start: number, end = size): Promise<ArrayBuffer> => {
      try {
        return (await readRange(file, start, end)).buffer
      } catch (cause) {
        throw new InputError(`${where}: cannot read ${name}: ${reasonOf(cause)}`, { cause })
      }
    }
    return { file: { byteLength: size, slice }, name, close: () => file.close() }
  } catch (cause) {
    await handle?.close()
    throw new InputError(`${where}: cannot read ${name}: ${reasonOf(cause)}`, { cause })
  }
}
