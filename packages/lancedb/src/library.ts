import { engineError } from '@shardyfusion/core/internal-vector'
import type * as Lance from '@lancedb/lancedb'
import type * as Arrow from 'apache-arrow'

/** LanceDB and its Arrow library, with the caches that all shards of this thread share. */
export interface Library {
  readonly lance: typeof Lance
  readonly arrow: typeof Arrow
  readonly session: Lance.Session
}

/** LanceDB's own limits are 6 GB for indexes and 1 GB for metadata. */
const INDEX_CACHE_BYTES = 64n << 20n
const METADATA_CACHE_BYTES = 16n << 20n

let loading: Promise<Library> | undefined

/** Loads LanceDB at first use: it is a native module of 190 MB. Errors: SHARD_ENGINE if it does not load. */
export function loadLibrary(): Promise<Library> {
  loading ??= load()
  return loading
}

async function load(): Promise<Library> {
  try {
    const [lance, arrow] = await Promise.all([import('@lancedb/lancedb'), import('apache-arrow')])
    const session = new lance.Session(INDEX_CACHE_BYTES, METADATA_CACHE_BYTES)
    return { lance, arrow, session }
  } catch (cause) {
    loading = undefined
    const { platform, arch } = process
    throw engineError(
      'lancedb',
      `LanceDB could not be loaded on ${platform}-${arch}, Node ${process.versions.node}: ${reasonOf(cause)}; run npm install ` +
        '@shardyfusion/lancedb there, without leaving out optional packages, and with a platform LanceDB has a binary for ' +
        '(Linux x64 and arm64, macOS arm64, Windows)',
      { cause },
    )
  }
}

export function reasonOf(cause: unknown): string {
  const text = String((cause as { message?: unknown } | null)?.message ?? cause)
  return text.split('\n')[0]!.slice(0, 300)
}
