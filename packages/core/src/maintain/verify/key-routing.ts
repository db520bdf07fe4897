import { isShardyfusionError } from '../../errors.js'
import { decodeKey, isIntegerEncoding } from '../../keys/stored-bytes.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { openRouter } from '../../routing/open-router.js'
import type { Key } from '../../types.js'

/** Where a stored key belongs. */
export interface KeyRouting {
  /** The shard of a stored key, or why it has none; `undefined` if it is no key that could be looked up by itself. */
  route(stored: Uint8Array): number | string | undefined
}

/**
 * Routes stored keys as a lookup would; a string says why that cannot be done for this snapshot.
 *
 * A CEL expression over other columns than the key cannot be evaluated: shards do not hold the columns.
 */
export async function keyRouting(manifest: Manifest): Promise<KeyRouting | string> {
  const { sharding, shards } = manifest
  const keyOf = keyGetter(manifest)
  if (typeof keyOf === 'string') return keyOf
  const router = await openRouter(sharding, shards)
  return {
    route(stored) {
      let key: Key
      try {
        key = keyOf(stored)
      } catch {
        return undefined
      }
      try {
        return router.route(key)
      } catch (error) {
        if (isShardyfusionError(error)) return error.message
        throw error
      }
    },
  }
}

/** Gives stored bytes as the key the caller of a lookup would pass. */
function keyGetter({ sharding, keyEncoding }: Manifest): ((stored: Uint8Array) => Key) | string {
  // Text and its bytes are hashed alike, so that nothing need be decoded.
  const asBytes = (stored: Uint8Array): Key => stored
  const asInteger = (stored: Uint8Array): Key => decodeKey(stored, keyEncoding)
  if (sharding.strategy === 'hash') return isIntegerEncoding(keyEncoding) ? asInteger : asBytes
  const columns = Object.entries(sharding.celColumns)
  const [name, type] = columns[0] ?? []
  if (columns.length !== 1 || name !== 'key') {
    const names = columns.map(([column]) => column).join(', ')
    return `shards are chosen by ${names}, which they do not hold: whether a key is in the right one cannot be told`
  }
  const integer = isIntegerEncoding(keyEncoding)
  if (integer && (type === 'int' || type === 'uint')) return asInteger
  if (!integer && type === 'string') return (stored) => decodeKey(stored, 'utf8')
  if (!integer && type === 'bytes') return asBytes
  return `shards are chosen by keys as ${type}, which cannot be told from ${keyEncoding} keys`
}
