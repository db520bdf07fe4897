import pLimit from 'p-limit'
import { classifyS3Failure, KeysLeft } from './s3-failure.js'
import type { S3CallOptions, S3Requests } from './s3-requests.js'
import { deleteDocument, readDeleteResult } from './wire/s3-documents.js'

/** Maximum number of keys in one DeleteObjects request. */
const MAX_BATCH = 1000
const SINGLE_DELETES = 16

/** Deletes objects, in batches if the server supports them. */
export class S3Deletes {
  readonly #requests: S3Requests
  #batches = true

  constructor(requests: S3Requests) {
    this.#requests = requests
  }

  async one(
    name: string,
    url: string,
    place: { bucket: string; key: string },
    callOptions: S3CallOptions,
  ): Promise<void> {
    await this.#requests.call(name, url, callOptions, async ({ send }) => {
      const request = { operation: 'delete', method: 'DELETE', ...place } as const
      await send(request).catch((error: unknown) => {
        // S3 answers a delete of a missing object with success, but other servers do not.
        if (classifyS3Failure(error).awsCode !== 'NoSuchKey') throw error
      })
    })
  }

  /** Deletes `keys`; `url` is their prefix, for messages. */
  async all(
    url: string,
    bucket: string,
    keys: readonly string[],
    callOptions: S3CallOptions,
  ): Promise<void> {
    for (let i = 0; i < keys.length; i += MAX_BATCH) {
      const batch = keys.slice(i, i + MAX_BATCH)
      const left = this.#batches ? await this.#batch(url, bucket, batch, callOptions) : batch
      if (left.length === batch.length) this.#batches = false
      await this.#singly(url, bucket, left, callOptions)
    }
  }

  /**
   * Returns the keys whose delete was not confirmed: all of them, if this server has no batches.
   */
  async #batch(
    url: string,
    bucket: string,
    keys: readonly string[],
    callOptions: S3CallOptions,
  ): Promise<readonly string[]> {
    let left = keys
    return this.#requests.call('deletePrefix', url, callOptions, async ({ send }) => {
      try {
        const { document } = await send({
          operation: 'delete-many',
          method: 'POST',
          bucket,
          query: { delete: '' },
          headers: { 'content-type': 'application/xml' },
          body: deleteDocument(left),
        })
        const { deleted, errors: all } = readDeleteResult(document!)
        const gone = new Set(deleted)
        const errors = all.filter(({ code }) => code !== 'NoSuchKey')
        for (const { key, code } of all) if (code === 'NoSuchKey') gone.add(key)
        left = left.filter((key) => !gone.has(key))
        if (errors.length > 0) throw new KeysLeft(errors, keys.length)
        return left
      } catch (error) {
        if (!(error instanceof KeysLeft) && refusesBatches(error)) return left
        throw error
      }
    })
  }

  async #singly(
    url: string,
    bucket: string,
    keys: readonly string[],
    callOptions: S3CallOptions,
  ): Promise<void> {
    const limit = pLimit(SINGLE_DELETES)
    await Promise.all(
      keys.map((key) => limit(() => this.one('deletePrefix', url, { bucket, key }, callOptions))),
    )
  }
}

/**
 * Servers without DeleteObjects, or with other checksum rules for it, fail in many ways; single
 * deletes show the real problem.
 */
function refusesBatches(error: unknown): boolean {
  const { kind, status = 0 } = classifyS3Failure(error)
  return status >= 400 && (kind === 'other' || kind === 'checksum-required')
}
