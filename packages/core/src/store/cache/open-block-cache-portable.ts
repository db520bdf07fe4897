import { invalidOption } from '../../errors/error-factories.js'
import type { BlockCache } from './block-cache-contract.js'

/** Throws: outside Node, Bun and Deno there are no files. */
export function openBlockCache(_options: {
  readonly folder: string
  readonly maxBytes: number
}): BlockCache {
  throw invalidOption(
    'cache',
    'a cache needs local files, which Node, Bun and Deno have; leave it out here: a browser caches ' +
      'the responses of https:// prefixes',
  )
}
