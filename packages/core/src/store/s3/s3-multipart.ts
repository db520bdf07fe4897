import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { storeError } from '../../errors/error-factories.js'
import { describeUrl } from '../../text/describe-url.js'
import { newOpaqueId } from '../../text/opaque-id.js'
import { MAX_UPLOAD_BYTES } from '../upload/upload-parts.js'
import { BadAnswer, classifyS3Failure } from './s3-failure.js'
import type { S3Requests } from './s3-requests.js'
import type { MultipartRequests } from './s3-upload.js'

/** The calls of the store that an upload needs. */
interface StoreCalls {
  put(bytes: Uint8Array): Promise<void>
  /** Returns the mark of the stored object. */
  mark(): Promise<string | undefined>
  /** Metadata that contains the mark of an object. */
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
  const object = { Bucket: bucket, Key: key }
  const mark = newOpaqueId()
  return {
    put: store.put,
    // Not ended by the signal: the id is needed to remove an upload that was just started.
    create: () =>
      requests.call('upload', url, {}, async ({ client, options }) => {
        const command = new CreateMultipartUploadCommand({
          ...object,
          Metadata: store.metadata(mark),
        })
        const { UploadId } = await client.send(command, options)
        if (UploadId === undefined) throw new BadAnswer('no UploadId')
        return UploadId
      }),
    uploadPart: (UploadId, PartNumber, Body) =>
      requests.call('upload', url, { signal, bytes: Body.length }, async ({ client, options }) => {
        const command = new UploadPartCommand({ ...object, UploadId, PartNumber, Body })
        const { ETag } = await client.send(command, options)
        if (ETag === undefined) throw new BadAnswer('a part without an ETag')
        return ETag
      }),
    complete: (UploadId, etags, bytes) =>
      requests.call('upload', url, { signal, bytes }, async ({ client, options, number }) => {
        const Parts = etags.map((ETag, i) => ({ ETag, PartNumber: i + 1 }))
        const command = new CompleteMultipartUploadCommand({
          ...object,
          UploadId,
          MultipartUpload: { Parts },
        })
        try {
          await client.send(command, options)
        } catch (error) {
          // An earlier attempt may have succeeded, and its response was lost.
          const mayBeDone = number > 1 && classifyS3Failure(error).awsCode === 'NoSuchUpload'
          if (!mayBeDone || (await store.mark()) !== mark) throw error
        }
      }),
    abort: (UploadId) =>
      requests.call('upload', url, { maxAttempts: ABORT_ATTEMPTS }, async ({ client, options }) => {
        const command = new AbortMultipartUploadCommand({ ...object, UploadId })
        await client.send(command, options).catch((error: unknown) => {
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
