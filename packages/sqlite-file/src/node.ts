import { fsync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { SqliteFileError } from './error.js'
import type { SqliteSource } from './pages/source.js'
import type { SqliteSink } from './write/page-output.js'

/** A file on a disk as a source. */
export interface FileSource extends SqliteSource {
  /** Closes the file. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens a file for reading by range. Errors: those of Node. */
export async function openFileSource(path: string | URL): Promise<FileSource> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const close = (): Promise<void> => handle.close()
    return {
      size,
      read: (offset, length) => readAll(handle, offset, length),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readAll(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** A file on a disk as a sink. */
export interface FileSink extends SqliteSink {
  /** Writes all to the disk and closes the file; after this, it is complete. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Creates a file to write to. Errors: those of Node, also if the file is there already. */
export async function createFileSink(path: string | URL): Promise<FileSink> {
  const handle = await open(path, 'wx')
  let isClosed = false
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    try {
      await syncHandle(handle)
    } finally {
      await handle.close()
    }
  }
  const write = async (bytes: Uint8Array, offset: number): Promise<void> => {
    if (isClosed) throw new SqliteFileError('CLOSED', 'sqlite-file: the file of the sink is closed')
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at)
      at += bytesWritten
    }
  }
  return { write, close, [Symbol.asyncDispose]: close }
}

/** Yarn's Plug'n'Play replaces `node:fs` with handles that have no `sync`; the descriptor works. */
async function syncHandle(handle: FileHandle): Promise<void> {
  try {
    await handle.sync()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Recent versions of Node refuse fsync to all programs that run with --permission.
    if (code === 'ERR_ACCESS_DENIED') return
    // Errors of the system have a code.
    if (code !== undefined) throw error
    await promisify(fsync)(handle.fd)
  }
}
