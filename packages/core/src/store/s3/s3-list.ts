import { BadAnswer } from './s3-failure.js'
import type { S3CallOptions, S3Requests } from './s3-requests.js'
import { type ListPage, readListPage } from './wire/s3-documents.js'

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
): AsyncGenerator<ListPage> {
  let token: string | undefined
  do {
    const page = await listPage(requests, name, url, listing, options, token)
    yield page
    token = page.nextToken
  } while (token !== undefined)
}

/** Fetches one page. */
export function listPage(
  requests: S3Requests,
  name: string,
  url: string,
  { bucket, key, delimiter, maxKeys }: S3Listing,
  callOptions: S3CallOptions,
  token?: string,
): Promise<ListPage> {
  return requests.call(name, url, callOptions, async ({ send }) => {
    const query = {
      'list-type': '2',
      prefix: key === '' ? undefined : `${key}/`,
      delimiter,
      'max-keys': maxKeys === undefined ? undefined : String(maxKeys),
      'continuation-token': token,
    }
    const { document } = await send({ operation: 'list', method: 'GET', bucket, query })
    const page = readListPage(document!)
    // A server that does not know the token would begin again and again.
    if (token !== undefined && page.nextToken === token) {
      throw new BadAnswer('a listing that does not continue')
    }
    return page
  })
}
