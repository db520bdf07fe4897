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

/** Returns the "directory" that has one child per published manifest. */
export function manifestsUrl(prefix: string): string {
  return joinUrl(prefix, MANIFESTS)
}

/** Returns the name of the child for a manifest published at `micros`. */
export function manifestDir(micros: bigint, runId: string): string {
  return datedFolder(formatKeyTimestamp(micros), runId)
}

export function manifestUrl(prefix: string, dir: string): string {
  return joinUrl(prefix, MANIFESTS, dir, MANIFEST_FILE)
}

/** Parses a result of `manifestUrl`; returns `undefined` for any other URL. */
export function splitManifestUrl(
  url: string,
): { readonly prefix: string; readonly dir: string } | undefined {
  const [name, dir = '', folder, ...above] = url.split('/').reverse()
  if (name !== MANIFEST_FILE || folder !== MANIFESTS) return undefined
  if (parseManifestDir(dir) === undefined) return undefined
  return { prefix: above.reverse().join('/'), dir }
}

/**
 * Parses the name of a child of `manifests/`; returns `undefined` for a name that no writer of
 * manifests makes.
 */
export function parseManifestDir(
  dir: string,
):
  | { readonly runId: string; readonly publishedAt: string; readonly publishedMicros: bigint }
  | undefined {
  const [, publishedAt, runId] = MANIFEST_FOLDER.exec(dir) ?? []
  if (publishedAt === undefined || runId === undefined) return undefined
  // Skip a month 13: the reference fails the whole listing, so one stray name would block it.
  const publishedMicros = tryParseTimestamp(publishedAt)
  return publishedMicros === undefined ? undefined : { runId, publishedAt, publishedMicros }
}

/**
 * Returns the run id in a manifest's URL; `undefined` if there is none.
 *
 * The last component with a run id counts: a prefix may itself contain `run_id=…`, and the
 * reference, which takes the first, is wrong there (wire-format §7.3).
 */
export function runIdFromRef(ref: string): string | undefined {
  for (const component of ref.split('/').reverse()) {
    const match = /run_id=(.+)$/s.exec(component)
    if (match !== null) return match[1]
  }
  return undefined
}
