import type { Key, KeyEncoding } from '@shardyfusion/core'
import type { Program, ScanStep } from './program.js'

/** A row by its stored key, both in hexadecimal digits, which are ordered as the bytes are. */
export type ModelRow = readonly [key: string, value: string]

/** A snapshot as it should be: nothing but a sorted list. */
export class Model {
  readonly #values: ReadonlyMap<string, string>
  readonly rows: readonly ModelRow[]
  readonly shards: number

  constructor(written: Iterable<ModelRow>, shards: number) {
    this.#values = new Map(written)
    this.rows = [...this.#values].toSorted(([a], [b]) => (a < b ? -1 : 1))
    this.shards = shards
  }

  get(key: string): string | undefined {
    return this.#values.get(key)
  }

  /** All that a scan must give but for its limit, in order. */
  scan(step: ScanStep, keyOf: (n: number) => Uint8Array): ModelRow[] {
    const bound = (n: number | undefined): string | undefined =>
      n === undefined ? undefined : hex(keyOf(n))
    const start = bound(step.start)
    const end = bound(step.end)
    const prefix = step.prefix && hex(keyOf(step.prefix[0]).subarray(0, step.prefix[1]))
    const found = this.rows.filter(
      ([key]) =>
        (start === undefined || key >= start) &&
        (end === undefined || key < end) &&
        (prefix === undefined || key.startsWith(prefix)),
    )
    return step.reverse ? found.toReversed() : found
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** Key `n` as it is stored, written down here once more rather than taken from what is tested. */
export function storedKey(n: number, encoding: KeyEncoding): Uint8Array {
  switch (encoding) {
    case 'u64be': {
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setBigUint64(0, integerKey(n))
      return bytes
    }
    case 'u32be': {
      const bytes = new Uint8Array(4)
      new DataView(bytes.buffer).setUint32(0, Number(shortKey(n)))
      return bytes
    }
    case 'utf8':
      return new TextEncoder().encode(textKey(n))
    case 'raw':
      return rawKey(n)
  }
}

/** Key `n` as a caller has it: of every type its encoding takes, where the sharding does not ask for one. */
export function callerKey(n: number, { keyEncoding, sharding }: Program): Key {
  switch (keyEncoding) {
    case 'u64be': {
      const key = integerKey(n)
      return n % 2 === 0 && key <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(key) : key
    }
    case 'u32be':
      return n % 2 === 0 ? Number(shortKey(n)) : shortKey(n)
    case 'utf8':
      return n % 2 === 0 || sharding === 'key' ? textKey(n) : storedKey(n, 'utf8')
    case 'raw':
      return n % 3 === 0 && n < 30 && sharding !== 'key' ? textOf(rawKey(n)) : rawKey(n)
  }
}

function integerKey(n: number): bigint {
  if (n < 20) return BigInt(n)
  return n < 40 ? 2n ** 32n - 30n + BigInt(n) : 2n ** 63n - 1n - BigInt(n)
}

function shortKey(n: number): bigint {
  return n < 30 ? BigInt(n) : 2n ** 32n - BigInt(n)
}

function textKey(n: number): string {
  const begin = ['', 'a', 'ab', 'é', '\u{1f44d}', 'user/'][n % 6]!
  return n % 7 === 6 ? `${begin}${'x'.repeat(60)}${n}` : `${begin}${n}`
}

function rawKey(n: number): Uint8Array {
  // Below 0x80 for those that are given as text, too.
  if (n < 30) return Uint8Array.from([n % 4, n].slice(n % 4 === 3 ? 1 : 0))
  return Uint8Array.from([0xff, 0xff, ...new Uint8Array(n % 5 === 0 ? 50 : 0), n])
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
