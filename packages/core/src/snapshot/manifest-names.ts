import {
  CURRENT_POINTER,
  datedFolder,
  MANIFEST_FILE,
  MANIFEST_FOLDER,
  MANIFESTS,
} from './layout.js'
import { joinUrl } from '../store/urls.js'
import { formatKeyTimestamp, tryParseTimestamp } from '../text/timestamps.js'

export function currentPointerUrl(prefix: string): string {
  return joinUrl(prefix, CURRENT_POINTER)
}

/** The "directory" whose children are one per published manifest. */
export function manifestsUrl(prefix: string): string {
  return joinUrl(prefix, MANIFESTS)
}

/** Name of the child for a manifest published at `micros`. */
export function manifestDir(micros: bigint, runId: string): string {
  return datedFolder(formatKeyTimestamp(micros), runId)
}

export function manifestUrl(prefix: string, dir: string): string {
  return joinUrl(prefix, MANIFESTS, dir, MANIFEST_FILE)
}

/** Takes apart what `manifestUrl` makes; `undefined` for any other URL. */
export function splitManifestUrl(
  url: string,
): { readonly prefix: string; readonly dir: string } | undefined {
  const [name, dir = '', folder, ...above] = url.split('/').reverse()
  if (name !== MANIFEST_FILE || folder !== MANIFESTS) return undefined
  if (parseManifestDir(dir) === undefined) return undefined
  return { prefix: above.reverse().join('/'), dir }
}

/** What a child of `manifests/` is called; `undefined` for anything no writer of manifests makes. */
export function parseManifestDir(
  dir: string,
):
  | { readonly runId: string; readonly publishedAt: string; readonly publishedMicros: bigint }
  | undefined {
  const [, publishedAt, runId] = MANIFEST_FOLDER.exec(dir) ?? []
  if (publishedAt === undefined || runId === undefined) return undefined
  // A month 13 is passed over: the reference fails the whole listing, which one stray name could then block.
  const publishedMicros = tryParseTimestamp(publishedAt)
  return publishedMicros === undefined ? undefined : { runId, publishedAt, publishedMicros }
}

/**
 * The run id a manifest's URL names; `undefined` if it names none.
 *
 * The last component that has one counts: a prefix may itself contain `run_id=…`, where the reference,
 * which takes the first, goes wrong (wire-format §7.3).
 */
export function runIdFromRef(ref: string): string | undefined {
  for (const component of ref.split('/').reverse()) {
    const match = /run_id=(.+)$/s.exec(component)
    if (match !== null) return match[1]
  }
  return undefined
}
