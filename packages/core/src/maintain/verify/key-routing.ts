import { isShardyfusionError } from '../../errors.js'
import { decodeKey, isIntegerEncoding } from '../../keys/stored-bytes.js'
import type { Manifest } from '../../snapshot/manifest/manifest.js'
import { openRouter } from '../../routing/open-router.js'
import type { Key } from '../../types.js'

/** Finds the shard of a stored key. */
export interface KeyRouting {
  /**
   * Returns the shard of a stored key, or why it has none; `undefined` for a key that cannot be
   * looked up alone.
   */
  route(stored: Uint8Array): number | string | undefined
}

/**
 * Makes the routing of stored keys, equal to that of a lookup; returns a string with the reason if
 * this snapshot does not allow it.
 *
 * A CEL expression over columns other than the key cannot be evaluated: shards do not contain the
 * columns.
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

/** Makes a function from stored bytes to the key that the caller of a lookup would pass. */
function keyGetter({ sharding, keyEncoding }: Manifest): ((stored: Uint8Array) => Key) | string {
  // Text and its bytes have the same hash, so nothing need be decoded.
  const asBytes = (stored: Uint8Array): Key => stored
  const asInteger = (stored: Uint8Array): Key => decodeKey(stored, keyEncoding)
  if (sharding.strategy === 'hash') return isIntegerEncoding(keyEncoding) ? asInteger : asBytes
  const columns = Object.entries(sharding.celColumns)
  const [name, type] = columns[0] ?? []
  if (columns.length !== 1 || name !== 'key') {
    const names = columns.map(([column]) => column).join(', ')
    return `shards are chosen by ${names}, which they do not contain: the shards of keys cannot be checked`
  }
  const integer = isIntegerEncoding(keyEncoding)
  if (integer && (type === 'int' || type === 'uint')) return asInteger
  if (!integer && type === 'string') return (stored) => decodeKey(stored, 'utf8')
  if (!integer && type === 'bytes') return asBytes
  return `shards are chosen by keys as ${type}, which cannot be derived from ${keyEncoding} keys`
}
