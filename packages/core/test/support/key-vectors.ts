import { readFileSync } from 'node:fs'
import type { CelType, Key, KeyEncoding } from '@shardyfusion/core'

/** A value as the vectors write it: integers in decimal, bytes in hex. */
export interface Tagged {
  readonly type: 'int' | 'bool' | 'str' | 'bytes' | 'float' | 'null'
  readonly value: string | null
}

interface Digest {
  readonly digest_hex: string
  readonly digest_dec: string
  readonly db_id: Readonly<Record<string, number>>
}

type Encoded = Tagged & {
  readonly encoding: KeyEncoding
  readonly ok: boolean
  readonly hex?: string
  readonly error?: string
}

interface KeyVectors {
  readonly routing: readonly (Tagged & Digest & { readonly canonical_hex: string })[]
  readonly routing_errors: readonly (Tagged & { readonly error: string })[]
  readonly xxh3_pattern: { readonly cases: readonly (Digest & { readonly length: number })[] }
  readonly key_encoding_write: readonly Encoded[]
  readonly key_encoding_lookup: readonly Encoded[]
  readonly select_winners: readonly {
    readonly label: string
    readonly num_dbs: number
    readonly attempts: readonly {
      readonly db_id: number
      readonly attempt: number
      readonly task_attempt_id: number | null
      readonly db_url: string | null
      readonly all_attempt_urls: readonly string[]
    }[]
    readonly error?: string
    readonly result?: {
      readonly winners: readonly (readonly [number, string])[]
      readonly all_attempt_urls: readonly string[]
    }
  }[]
  readonly discover_cel_num_dbs: readonly {
    readonly ids: readonly number[]
    readonly ok: boolean
    readonly result?: number
    readonly error?: string
  }[]
  readonly categorical_routing_values: readonly {
    readonly values: readonly Tagged[]
    readonly ok: boolean
    readonly result?: readonly Tagged[]
    readonly error?: string
  }[]
  readonly cel_by_columns: readonly {
    readonly columns: readonly (readonly [string, CelType])[]
    readonly num_shards: number | null
    readonly separator: string
    readonly cel_expr: string
    readonly cel_columns: Readonly<Record<string, CelType>>
    readonly infer: boolean
  }[]
  readonly cel_resolve: readonly {
    readonly token: Tagged
    readonly routing_values: readonly Tagged[] | null
    readonly ok: boolean
    readonly result?: number
    readonly error?: string
  }[]
}

export const vectors: KeyVectors = JSON.parse(
  readFileSync(new URL('../../test/golden/vectors.json', import.meta.url), 'utf8'),
)

/** The JavaScript value of a vector, said to be a key although some are not, on purpose. */
export function untag<T = Key>(tagged: Tagged): T {
  return anyUntag(tagged) as T
}

function anyUntag({ type, value }: Tagged): unknown {
  if (value === null) return null
  switch (type) {
    case 'int':
      return BigInt(value)
    case 'bool':
      return value === 'true'
    case 'bytes':
      return Uint8Array.from(Buffer.from(value, 'hex'))
    case 'float':
      return Number(value)
    default:
      return value
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Matches a ShardyfusionError by code and by the name of the peer's error. */
export function failure(code: string, peer: string): (error: unknown) => boolean {
  return (error) => {
    const { code: gotCode, details } = error as { code?: string; details?: { peer?: string } }
    if (gotCode === code && details?.peer === peer) return true
    throw error
  }
}

/** Names a vector in a message. */
export function label({ type, value }: Tagged): string {
  return `${type} ${JSON.stringify(value)}`.slice(0, 60)
}
