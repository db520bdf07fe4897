import type { FileHandle } from 'node:fs/promises'
import { InputError } from './input-error.js'

/** Reads the bytes `[start, end)` of a file. Errors: InputError if it ends before. */
export async function readRange(
  file: FileHandle,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start)
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done)
    if (bytesRead === 0) throw new InputError(`it ended after ${start + done} of ${end} bytes`)
    done += bytesRead
  }
  return bytes
}
