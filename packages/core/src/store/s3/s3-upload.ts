import pLimit from 'p-limit'
import type { UploadSink } from '../upload/start-upload.js'
import { MAX_UPLOAD_BYTES, PART_BYTES, partBytes } from '../upload/upload-parts.js'

/** Parts in transfer at once. With the first and the one being filled, 48 MiB are in memory. */
const CONCURRENCY = 4

/** The requests of a multipart upload of one object. */
export interface MultipartRequests {
  /** Writes an object of one part, without a multipart upload. */
  put(bytes: Uint8Array): Promise<void>
  /** Starts an upload and returns its id. */
  create(): Promise<string>
  /** Sends one part, numbered from 1, and returns its ETag. */
  uploadPart(uploadId: string, number: number, bytes: Uint8Array): Promise<string>
  /** Makes the object of its parts, in the order of `etags`. */
  complete(uploadId: string, etags: readonly string[], bytes: number): Promise<void>
  /** Removes the parts; not ended by the caller's abort. */
  abort(uploadId: string): Promise<void>
  /** Makes the error of an object that has too many bytes. */
  tooLarge(bytes: number): Error
}

/**
 * Sends the bytes of an upload in parts while they are written.
 *
 * The first part waits for the end, because its first bytes may be replaced. An object of one part
 * needs one request.
 */
export function multipartSink(requests: MultipartRequests): UploadSink {
  const limit = pLimit(CONCURRENCY)
  const etags: string[] = []
  const sending = new Set<Promise<void>>()
  let creating: Promise<string> | undefined
  let first: Uint8Array | undefined
  let part = new Uint8Array(0)
  let filled = 0
  let number = 1
  let bytes = 0
  let failure: { readonly error: unknown } | undefined
  let isDiscarded = false

  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error
  }
  const send = (at: number, content: Uint8Array): void => {
    creating ??= requests.create()
    const id = creating
    const sent: Promise<void> = limit(async () => {
      if (failure !== undefined || isDiscarded) return
      etags[at - 1] = await requests.uploadPart(await id, at, content)
    })
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(() => sending.delete(sent))
    sending.add(sent)
  }
  const flush = async (): Promise<void> => {
    const content = part.subarray(0, filled)
    if (number === 1) first = content
    else send(number, content)
    number++
    part = new Uint8Array(0)
    filled = 0
    while (sending.size >= CONCURRENCY) await Promise.race(sending)
    throwFailure()
  }
  return {
    async append(piece) {
      throwFailure()
      if (bytes + piece.length > MAX_UPLOAD_BYTES) throw requests.tooLarge(bytes + piece.length)
      bytes += piece.length
      for (let done = 0; done < piece.length;) {
        const size = partBytes(number)
        const needed = Math.min(size, filled + piece.length - done)
        // A small object must not need the memory of a whole part.
        if (filled === part.length) part = number > 1 ? new Uint8Array(size) : grown(part, needed)
        const more = Math.min(part.length - filled, piece.length - done)
        part.set(piece.subarray(done, done + more), filled)
        filled += more
        done += more
        if (filled === size) await flush()
      }
    },
    async commit(head) {
      if (first === undefined) {
        const whole = part.subarray(0, filled)
        if (head !== undefined) whole.set(head)
        await requests.put(whole)
        return
      }
      if (head !== undefined) first.set(head)
      // One full part is a whole object, too.
      if (number === 2 && filled === 0) {
        await requests.put(first)
        return
      }
      if (filled > 0) await flush()
      send(1, first)
      first = undefined
      await Promise.all(sending)
      throwFailure()
      await requests.complete(await creating!, etags, bytes)
    },
    async discard() {
      isDiscarded = true
      part = new Uint8Array(0)
      first = undefined
      if (creating === undefined) return
      const id = await creating.catch(() => undefined)
      // A part that arrives after the abort would stay.
      await Promise.all(sending)
      if (id !== undefined) await requests.abort(id)
    },
  }
}

/** Doubles the buffer of the first part, up to its size. */
function grown(part: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, Math.min(2 * part.length, PART_BYTES)))
  larger.set(part)
  return larger
}
