import { tmpdir } from 'node:os'
import type { ChunkSource } from '../chunk/chunk-source.js'
import { EntryChunk } from '../chunk/entry-chunk.js'
import { isShardyfusionError } from '../errors.js'
import { storeError } from '../errors/error-factories.js'
import { closeOnce } from '../async/close-once.js'
import { openUnnamedFile, type UnnamedFile } from './unnamed-file.js'
import { isError } from '../errors/is-error.js'

/** False where there is no disk for rows that do not fit into memory. */
export const HAS_DISK = true

const LENGTH_BYTES = 4
const USE = 'sort'

/** Returns the folder for sorted rows, after checking that a file can be created in it. */
export async function requireRunFolder(folder: string = tmpdir()): Promise<string> {
  try {
    const probe = await openUnnamedFile(folder, USE)
    await probe.close()
    return folder
  } catch (error) {
    throw runError(folder, error)
  }
}

/** Writes chunks that are in key order to a new file, which does not outlive the process. */
export async function writeRunFile(
  folder: string,
  chunks: Iterable<EntryChunk> | AsyncIterable<EntryChunk>,
): Promise<RunFile> {
  let file: UnnamedFile | undefined
  let bytes = 0
  try {
    file = await openUnnamedFile(folder, USE)
    const { handle } = file
    for await (const { buffer } of chunks) {
      await handle.writeFile(new Uint8Array(new Uint32Array([buffer.byteLength]).buffer))
      await handle.writeFile(new Uint8Array(buffer))
      bytes += LENGTH_BYTES + buffer.byteLength
    }
  } catch (error) {
    await file?.close().catch(() => {})
    throw runError(folder, error)
  }
  return new RunFile(folder, file, bytes)
}

/**
 * Chunks in key order on local disk, written once and read once, one chunk in memory at a time.
 *
 * Shape of the file: for each chunk its length as a little-endian 32-bit word, then its packed
 * buffer.
 */
export class RunFile implements ChunkSource {
  readonly #folder: string
  readonly #file: UnnamedFile
  readonly #bytes: number
  #at = 0
  readonly close: () => Promise<void>

  constructor(folder: string, file: UnnamedFile, bytes: number) {
    this.#folder = folder
    this.#file = file
    this.#bytes = bytes
    this.close = closeOnce(() => file.close())
  }

  async nextChunk(): Promise<EntryChunk | undefined> {
    if (this.#at === this.#bytes) return undefined
    const length = new Uint32Array(1)
    await this.#read(new Uint8Array(length.buffer))
    const packed = new Uint8Array(length[0]!)
    await this.#read(packed)
    return EntryChunk.fromBuffer(packed.buffer)
  }

  async #read(target: Uint8Array): Promise<void> {
    let read = 0
    try {
      const { bytesRead } = await this.#file.handle.read(target, 0, target.length, this.#at)
      read = bytesRead
    } catch (error) {
      throw runError(this.#folder, error)
    }
    if (read !== target.length) throw runError(this.#folder, new Error('the file was cut short'))
    this.#at += read
  }
}

/**
 * Makes the SDK's error for a failed system call; returns other errors, such as those of the rows'
 * source, unchanged.
 */
function runError(folder: string, error: unknown): unknown {
  if (!isError(error) || isShardyfusionError(error)) return error
  const { code } = error as NodeJS.ErrnoException
  return storeError(
    'sort',
    `a file of sorted rows could not be stored in ${folder} (${code ?? error.message}); make room there, or name ` +
      `another folder with sort: { folder }`,
    { cause: error, details: { errno: code, folder } },
  )
}
