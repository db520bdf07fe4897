import { type FileHandle, mkdtemp, open, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import type { ChunkSource } from '../../chunk/chunk-source.js'
import { EntryChunk } from '../../chunk/entry-chunk.js'
import { ShardyfusionError } from '../../errors.js'
import { closeOnce } from '../../util/close-once.js'

const LENGTH_BYTES = 4

/** Makes a folder for the runs of one build; the function given removes it and all that is in it. */
export async function makeRunFolder(
  parent: string | undefined,
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const below = parent ?? tmpdir()
  try {
    const folder = await mkdtemp(join(below, 'shardyfusion-sort-'))
    const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 })
    return { folder, remove }
  } catch (error) {
    throw runError(below, error)
  }
}

let runs = 0

/** A name no other run of this process has. */
export function newRunPath(folder: string): string {
  return join(folder, `${threadId}-${runs++}.run`)
}

/** Writes chunks that are in key order to a new file. */
export async function writeRunFile(
  path: string,
  chunks: Iterable<EntryChunk> | AsyncIterable<EntryChunk>,
): Promise<RunFile> {
  let file: FileHandle | undefined
  let bytes = 0
  try {
    file = await open(path, 'wx+', 0o600)
    for await (const { buffer } of chunks) {
      await file.writeFile(new Uint8Array(new Uint32Array([buffer.byteLength]).buffer))
      await file.writeFile(new Uint8Array(buffer))
      bytes += LENGTH_BYTES + buffer.byteLength
    }
  } catch (error) {
    await file?.close()
    await unlink(path).catch(() => {})
    throw runError(path, error)
  }
  return new RunFile(path, file, bytes)
}

/**
 * Chunks in key order on local disk, written once and read once, one chunk in memory at a time.
 *
 * Shape of the file: for each chunk its length as a little-endian 32-bit word, then its packed buffer.
 */
export class RunFile implements ChunkSource {
  readonly #path: string
  readonly #file: FileHandle
  readonly #bytes: number
  #at = 0
  readonly close: () => Promise<void>

  constructor(path: string, file: FileHandle, bytes: number) {
    this.#path = path
    this.#file = file
    this.#bytes = bytes
    this.close = closeOnce(async () => {
      await this.#file.close()
      await unlink(this.#path)
    })
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
      const { bytesRead } = await this.#file.read(target, 0, target.length, this.#at)
      read = bytesRead
    } catch (error) {
      throw runError(this.#path, error)
    }
    if (read !== target.length) throw runError(this.#path, new Error('the file was cut short'))
    this.#at += read
  }
}

/** The SDK's error for a failed system call; any other error, such as one of the rows' source, as it is. */
function runError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ShardyfusionError) return error
  const { code } = error as NodeJS.ErrnoException
  return new ShardyfusionError(
    'SHARD_STORE',
    `sort: a run of sorted rows could not be kept at ${path} (${code ?? error.message}); make room there, or name ` +
      `another folder with sort: { folder }`,
    { cause: error, details: { errno: code, path } },
  )
}
