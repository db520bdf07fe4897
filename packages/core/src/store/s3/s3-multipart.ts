import { storeError } from '../../errors/error-factories.js'
import { describeUrl } from '../../text/describe-url.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import { MAX_UPLOAD_BYTES } from '../upload/upload-parts.js'
import { BadAnswer, classifyS3Failure } from './s3-failure.js'
import type { S3Requests } from './s3-requests.js'
import type { MultipartRequests } from './s3-upload.js'
import { childText } from './wire/read-xml.js'
import { partsDocument } from './wire/s3-documents.js'

/** The calls of the store that an upload needs. */
interface StoreCalls {
  put(bytes: Uint8Array): Promise<void>
  /** Returns the mark of the stored object. */
  mark(): Promise<string | undefined>
  /** Headers that store the mark of an object. */
  metadata(mark: string): Record<string, string>
}

/** Attempts at removing the parts of an upload that failed. */
const ABORT_ATTEMPTS = 2

/** Makes the requests of a multipart upload; those that send bytes end with the signal. */
export function multipartRequests(
  requests: S3Requests,
  url: string,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  signal: AbortSignal,
  store: StoreCalls,
): MultipartRequests {
  const place = { bucket, key }
  const mark = newOpaqueId()
  return {
    put: store.put,
    // Not ended by the signal: the id is needed to remove an upload that was just started.
    create: () =>
      requests.call('upload', url, {}, async ({ send }) => {
        const { document } = await send({
          operation: 'start-upload',
          method: 'POST',
          ...place,
          query: { uploads: '' },
          headers: { 'content-type': 'application/octet-stream', ...store.metadata(mark) },
        })
        const uploadId = childText(document!, 'UploadId')
        if (!uploadId) throw new BadAnswer('no UploadId')
        return uploadId
      }),
    uploadPart: (uploadId, number, body) =>
      requests.call('upload', url, { signal, bytes: body.length }, async ({ send }) => {
        const query = { partNumber: String(number), uploadId }
        const { headers } = await send({
          operation: 'put-part',
          method: 'PUT',
          ...place,
          query,
          body,
        })
        // An answer without it has been refused.
        return headers['etag']!
      }),
    complete: (uploadId, etags, bytes) =>
      requests.call('upload', url, { signal, bytes }, async ({ send, number }) => {
        try {
          await send({
            operation: 'complete-upload',
            method: 'POST',
            ...place,
            query: { uploadId },
            headers: { 'content-type': 'application/xml' },
            body: partsDocument(etags),
          })
        } catch (error) {
          // An earlier attempt may have succeeded, and its response was lost.
          const mayBeDone = number > 1 && classifyS3Failure(error).awsCode === 'NoSuchUpload'
          if (!mayBeDone || (await store.mark()) !== mark) throw error
        }
      }),
    abort: (uploadId) =>
      requests.call('upload', url, { maxAttempts: ABORT_ATTEMPTS }, async ({ send }) => {
        const query = { uploadId }
        const request = { operation: 'delete', method: 'DELETE', ...place, query } as const
        await send(request).catch((error: unknown) => {
          if (classifyS3Failure(error).awsCode !== 'NoSuchUpload') throw error
        })
      }),
    tooLarge: (bytes) =>
      storeError(
        'S3Store.upload',
        `${describeUrl(url)} has ${bytes} bytes or more; an upload may have ${MAX_UPLOAD_BYTES} ` +
          'bytes at most; use more shards',
      ),
  }
}
