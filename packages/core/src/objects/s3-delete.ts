import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import { classifyS3Failure, KeysLeft } from './s3-failure.js'
import type { S3CallOptions, S3Requests } from './s3-requests.js'

/** What one DeleteObjects takes. */
const MAX_BATCH = 1000
const SINGLE_DELETES = 16

/** Answers of servers that have no DeleteObjects, or want another checksum with it than the client sends. */
const NO_BATCHES = new Set(['NotImplemented', 'MissingContentMD5', 'MethodNotAllowed'])

/** Deletes objects, in batches where the server can. */
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
    await this.#requests.call(name, url, callOptions, async ({ client, options }) => {
      const command = new DeleteObjectCommand({ Bucket: place.bucket, Key: place.key })
      await client.send(command, options).catch((error: unknown) => {
        // What S3 answers for nothing is success, but not every server agrees.
        if (classifyS3Failure(error).awsCode !== 'NoSuchKey') throw error
      })
    })
  }

  /** Deletes `keys`; `url` is the prefix they lie below, for messages. */
  async all(
    url: string,
    bucket: string,
    keys: readonly string[],
    callOptions: S3CallOptions,
  ): Promise<void> {
    for (let i = 0; i < keys.length; i += MAX_BATCH) {
      const batch = keys.slice(i, i + MAX_BATCH)
      if (!this.#batches || !(await this.#batch(url, bucket, batch, callOptions))) {
        this.#batches = false
        await this.#singly(url, bucket, batch, callOptions)
      }
    }
  }

  /** False when this server has no batches. */
  async #batch(
    url: string,
    bucket: string,
    keys: readonly string[],
    callOptions: S3CallOptions,
  ): Promise<boolean> {
    let left = keys
    return this.#requests.call('deletePrefix', url, callOptions, async ({ client, options }) => {
      const Delete = { Objects: left.map((Key) => ({ Key })), Quiet: true }
      try {
        const { Errors = [] } = await client.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete }),
          options,
        )
        const errors = Errors.filter(({ Code }) => Code !== 'NoSuchKey')
        if (errors.length === 0) return true
        left = errors.flatMap(({ Key }) => Key ?? [])
        throw new KeysLeft(errors, keys.length)
      } catch (error) {
        const { awsCode, status } = classifyS3Failure(error)
        if (status === 501 || NO_BATCHES.has(awsCode ?? '')) return false
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
