import { InputError, reasonOf } from '../input-error.js'
import { readRange } from '../read-range.js'

/** Bytes that are read by range, such as those of an object store. */
export interface RandomAccess {
  /** Size of the file. */
  readonly byteLength: number
  /** Reads the bytes `[start, end)`. */
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>
}

/** A Parquet file: a path or `file:` URL, bytes, a `Blob`, or anything read by range. */
export type ParquetSource = string | URL | Uint8Array | ArrayBuffer | Blob | RandomAccess

/** An open source, and how to close it. */
export interface OpenSource {
  readonly file: RandomAccess
  readonly name: string
  close(): Promise<void>
}

/** Opens a source. Errors: InputError naming the file. */
export async function openParquetSource(source: ParquetSource, where: string): Promise<OpenSource> {
  if (typeof source === 'string' || isFileUrl(source)) return openFile(source, where)
  const close = async (): Promise<void> => {}
  if (ArrayBuffer.isView(source)) {
    const { buffer, byteOffset, byteLength } = source
    const slice = (start: number, end = byteLength): ArrayBuffer =>
      buffer.slice(byteOffset + start, byteOffset + end) as ArrayBuffer
    return { file: { byteLength, slice }, name: 'the bytes', close }
  }
  if (isBlob(source)) {
    const slice = (start: number, end?: number) => source.slice(start, end).arrayBuffer()
    return { file: { byteLength: source.size, slice }, name: 'the blob', close }
  }
  if (typeof (source as Partial<RandomAccess> | null)?.slice === 'function')
    return { file: source as RandomAccess, name: 'the source', close }
  throw new InputError(
    `${where}: expected a path, a file: URL, bytes, a Blob or { byteLength, slice }, got ${typeof source}`,
  )
}

function isFileUrl(source: unknown): source is URL {
  return (source as Partial<URL> | null)?.protocol === 'file:'
}

function isBlob(source: unknown): source is Blob {
  return typeof (source as Partial<Blob> | null)?.arrayBuffer === 'function'
}

async function openFile(path: string | URL, where: string): Promise<OpenSource> {
  const { open } = await import('node:fs/promises')
  const given = typeof path === 'string' && path.startsWith('file:') ? new URL(path) : path
  const name = String(path)
  let handle
  try {
    handle = await open(given)
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
