import type { ShardyfusionError } from '../../errors.js'
import { storeError } from '../../errors/error-factories.js'
import { compareUtf8 } from '../../text/compare-utf8.js'
import { describeUrl } from '../../text/describe-url.js'
import type { ObjectCallOptions, ObjectInfo, ObjectStore } from '../object-store.js'
import { HTTP_INDEX } from '../../snapshot/layout.js'
import { isBelow, joinUrl, withoutTrailingSlashes } from '../urls.js'

const FORMAT_VERSION = 1

export function httpIndexUrl(prefix: string): string {
  return joinUrl(prefix, HTTP_INDEX)
}

/**
 * Writes the list of the objects below `prefix` to `<prefix>/_INDEX.json`, so that a plain web
 * server, which has no lists, can serve them; resolves to the number of objects.
 *
 * Write it after each publication. When copying to the server, copy `_INDEX.json` after everything
 * it names and `_CURRENT` last: readers then never meet a snapshot they cannot list.
 */
export async function writeHttpIndex(
  objects: ObjectStore,
  prefix: string,
  options: ObjectCallOptions = {},
): Promise<number> {
  const root = withoutTrailingSlashes(prefix)
  const url = httpIndexUrl(root)
  const listed = []
  for await (const object of objects.list(root, options)) {
    if (object.url === url) continue
    listed.push({
      path: object.url.slice(root.length + 1),
      bytes: object.bytes,
      modified_at: object.modifiedAt.toISOString(),
    })
  }
  const json = JSON.stringify({ format_version: FORMAT_VERSION, objects: listed })
  const bytes = new TextEncoder().encode(json)
  await objects.put(url, bytes, { contentType: 'application/json', signal: options.signal })
  return listed.length
}

/**
 * Returns the objects an index names, in order of URL. Errors: SHARD_STORE if it is not an index.
 */
export function decodeHttpIndex(bytes: Uint8Array, root: string, where: string): ObjectInfo[] {
  const parsed = parse(bytes)
  if (parsed?.format_version !== FORMAT_VERSION || !Array.isArray(parsed.objects)) {
    throw notAnIndex(root, where, `format_version ${FORMAT_VERSION} with a list of objects`)
  }
  const infos = parsed.objects.map((entry: unknown) => {
    const { path, bytes: size, modified_at: modified } = (entry ?? {}) as Record<string, unknown>
    const url = `${root}/${String(path)}`
    const modifiedAt = new Date(String(modified))
    const isSound = isBelow(url, root) && Number.isSafeInteger(size) && Number(size) >= 0
    if (typeof path !== 'string' || !isSound || Number.isNaN(modifiedAt.getTime())) {
      throw notAnIndex(root, where, 'path, bytes and modified_at of every object')
    }
    return { url, bytes: Number(size), modifiedAt }
  })
  return infos.sort((a, b) => compareUtf8(a.url, b.url))
}

function parse(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof json === 'object' && json !== null ? { ...json } : undefined
  } catch {
    return undefined
  }
}

function notAnIndex(root: string, where: string, expected: string): ShardyfusionError {
  return storeError(
    where,
    `${describeUrl(httpIndexUrl(root))} must be JSON with ${expected}; write it again with writeHttpIndex`,
  )
}
