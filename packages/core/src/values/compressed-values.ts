import * as v from 'valibot'
import { deflate, inflate } from '#node/values/zlib'
import { parseOptions } from '../options/parse-options.js'
import { integer } from '../options/scalars.js'
import { isBytes } from '../text/bytes.js'
import { MAX_VALUE_BYTES } from '../text/value-limits.js'
import { codecName, readableNames } from './codec-name.js'
import { type ValueCodec, type ValueOf, valuesSchema, type ValuesOption } from './value-codec.js'
import { valueDecoder } from './value-decoder.js'
import { valueEncoder } from './value-encoder.js'

/** Options of `compressedValues`. */
export interface CompressedOptions {
  /** From 1 (fast) to 9 (small); 6 by default. */
  level?: number | undefined
  /**
   * Bytes that values have in common, such as a typical value, at most 32 KiB: short values are then
   * much smaller. Writers and readers need the same.
   */
  dictionary?: Uint8Array | undefined
  /** Maximum size of a decompressed value, in bytes; 256 MiB by default. */
  maxBytes?: number | undefined
}

const WHERE = 'compressedValues'
const MAX_DICTIONARY = 32 * 1024

const schema = v.strictObject({
  level: v.optional(integer(1, 'level', 9), 6),
  dictionary: v.optional(
    v.pipe(
      v.custom<Uint8Array>(isBytes, 'must be bytes (Uint8Array)'),
      v.check(
        ({ length }) => length > 0 && length <= MAX_DICTIONARY,
        `must have 1 to ${MAX_DICTIONARY} bytes`,
      ),
    ),
  ),
  maxBytes: v.optional(integer(1, 'bytes', MAX_VALUE_BYTES), MAX_VALUE_BYTES),
})

/**
 * Compresses what another codec encodes, as a zlib stream (RFC 1950), which every language reads.
 *
 * Worth it for values from about 200 bytes, or shorter ones with a `dictionary`. Readers cache values
 * compressed and decompress one at every lookup. Errors: a value larger than `maxBytes` cannot be
 * decoded.
 *
 * @example
 * const values = compressedValues(jsonValues<Order>(), { dictionary: typicalOrders })
 */
export function compressedValues<const V extends ValuesOption>(
  inner: V,
  options: CompressedOptions = {},
): ValueCodec<ValueOf<V>> {
  const values = parseOptions(v.strictObject({ inner: valuesSchema }), { inner }, WHERE).inner
  const { level, dictionary: given, maxBytes } = parseOptions(schema, options, WHERE)
  // A copy: both sides need these bytes later.
  const dictionary = given && new Uint8Array(given)
  const encode = valueEncoder({ values, where: WHERE, keyEncoding: 'raw' })
  const decoder = valueDecoder({ values, where: WHERE, keyEncoding: () => 'raw' })
  return {
    name: nameOf(codecName(values)),
    reads: readableNames(values).map(nameOf),
    encode: (value) => deflate(encode(value, NO_KEY), level, dictionary),
    decode: (bytes) => decoder.decode(inflate(bytes, maxBytes, dictionary), NO_KEY) as ValueOf<V>,
  }
}

const NO_KEY = new Uint8Array()

function nameOf(inner: string | undefined): string {
  return inner === undefined ? 'zlib' : `zlib(${inner})`
}
