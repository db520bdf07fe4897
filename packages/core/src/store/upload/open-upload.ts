import type { ObjectCallOptions, ObjectStore, ObjectUpload } from '../object-store.js'
import { startUpload, type UploadSink } from './start-upload.js'

/**
 * Starts an upload to any store. A store without `upload` gets one `put`; the bytes are in memory
 * until then.
 */
export function openUpload(
  objects: ObjectStore,
  url: string,
  options: ObjectCallOptions = {},
): Promise<ObjectUpload> {
  if (objects.upload !== undefined) return objects.upload(url, options)
  return startUpload('openUpload', url, options, async (signal) =>
    collectingSink(async (bytes) => {
      await objects.put(url, bytes, { signal })
    }),
  )
}

/** Collects the bytes of an upload in memory and passes them on at the end. */
export function collectingSink(put: (bytes: Uint8Array) => Promise<void>): UploadSink {
  let pieces: Uint8Array[] = []
  let length = 0
  return {
    async append(bytes) {
      // Not bytes.slice(): on a Buffer, it returns a view of the caller's memory.
      pieces.push(new Uint8Array(bytes))
      length += bytes.length
    },
    async commit(head) {
      const whole = new Uint8Array(length)
      let done = 0
      for (const piece of pieces) {
        whole.set(piece, done)
        done += piece.length
      }
      if (head !== undefined) whole.set(head)
      await put(whole)
      pieces = []
    },
    async discard() {
      pieces = []
    },
  }
}
