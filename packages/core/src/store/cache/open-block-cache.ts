import { resolve } from 'node:path'
import type { BlockCache } from './block-cache-contract.js'
import { FileBlockCache } from './file-block-cache.js'

/** Opens the cache in a folder, which is made at the first write. */
export function openBlockCache(options: {
  readonly folder: string
  readonly maxBytes: number
}): BlockCache {
  return new FileBlockCache({ ...options, folder: resolve(options.folder) })
}
