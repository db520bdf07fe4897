import type { VectorId } from '@shardyfusion/core'
import { isErrorNamed, parseJson, stringifyJson } from '@shardyfusion/core/internal-vector'
import { damagedVectors } from './vec-schema.js'

/** An id as the Python project stores it. */
export function idText(id: VectorId): string {
  return typeof id === 'bigint'
    ? `{"v": ${id}, "t": "int"}`
    : `{"v": ${stringifyJson(id, 'spaced')}, "t": "str"}`
}

/** Errors: SHARD_ENGINE for another text. */
export function parseIdText(text: unknown, url: string): VectorId {
  const parsed = typeof text === 'string' ? parsedOrNothing(text) : undefined
  const { v, t } = (parsed ?? {}) as { v?: unknown; t?: unknown }
  if (t === 'int' && typeof v === 'bigint') return v
  if (t !== 'int' && typeof v === 'string') return v
  throw damagedVectors(
    url,
    'an id in vec_id_map must be {"v": …, "t": "int"} or {"v": "…", "t": "str"}',
  )
}

function parsedOrNothing(text: string): unknown {
  try {
    return parseJson(text, { integers: 'bigint' })
  } catch (error) {
    if (isErrorNamed(error, 'SyntaxError')) return undefined
    throw error
  }
}
