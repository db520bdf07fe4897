import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { BadAnswer } from './s3-failure.js'
import type { S3CallOptions, S3Requests } from './s3-requests.js'

export interface S3Listing {
  readonly bucket: string
  /**
   * Without a trailing slash: it is added, so that `a=1` does not include `a=10`; empty for the
   * whole bucket.
   */
  readonly key: string
  /** `/` stops the listing at the next directory. */
  readonly delimiter?: string
  readonly maxKeys?: number
}

/** Fetches the pages of a listing, each with its own request and retries. */
export async function* listPages(
  requests: S3Requests,
  name: string,
  url: string,
  listing: S3Listing,
  options: S3CallOptions,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  let token: string | undefined
  do {
    const page = await listPage(requests, name, url, listing, options, token)
    yield page
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

/** Fetches one page and checks that it is one: any web server answers `200`. */
export function listPage(
  requests: S3Requests,
  name: string,
  url: string,
  { bucket, key, delimiter, maxKeys }: S3Listing,
  callOptions: S3CallOptions,
  token?: string,
): Promise<ListObjectsV2CommandOutput> {
  return requests.call(name, url, callOptions, async ({ client, options }) => {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: key === '' ? undefined : `${key}/`,
        Delimiter: delimiter,
        MaxKeys: maxKeys,
        ContinuationToken: token,
      }),
      options,
    )
    const problem = listingProblem(page)
    if (problem !== undefined) throw new BadAnswer(problem)
    return page
  })
}

/**
 * Returns why a document is not a page of a listing: the client reads any other document as an
 * empty page.
 */
function listingProblem(page: ListObjectsV2CommandOutput): string | undefined {
  const { Contents = [], CommonPrefixes = [] } = page
  if (page.Name === undefined) return 'a listing without a bucket'
  if (page.IsTruncated === undefined) return 'a listing without IsTruncated'
  if (page.IsTruncated && page.NextContinuationToken === undefined) {
    return 'a truncated listing without a continuation token'
  }
  const isWhole =
    Contents.every(
      ({ Key, Size, LastModified }) =>
        Key !== undefined && Size !== undefined && LastModified !== undefined,
    ) && CommonPrefixes.every(({ Prefix }) => Prefix !== undefined)
  return isWhole ? undefined : 'a listing whose entries lack key, size or date'
}
