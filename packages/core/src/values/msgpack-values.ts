import * as v from 'valibot'
import type * as Msgpack from '@msgpack/msgpack'
import { loadMsgpack } from '#node/values/load-msgpack'
import { invalidOption } from '../errors/error-factories.js'
import { parseOptions } from '../options/parse-options.js'
import type { ValueCodec } from './value-codec.js'

/** Options of `msgpackValues`. */
export interface MsgpackOptions {
  /**
   * True (default) decodes 64-bit integers as bigint and encodes bigint as one, so that no digit is
   * lost. False decodes them as numbers, which have 53 bits, and refuses bigint.
   */
  bigint?: boolean | undefined
  /** Adds types; timestamps become `Date` without it. */
  extensionCodec?: MsgpackExtensionCodec | undefined
  /** The module `@msgpack/msgpack`, for bundles for Node; by default it is loaded where it is installed. */
  module?: MsgpackModule | undefined
}

/** An `ExtensionCodec` of `@msgpack/msgpack`. Its own type needs the package, which is optional. */
export interface MsgpackExtensionCodec {
  /** The type and bytes of a value; null for a value of another type. */
  tryToEncode(value: unknown, context: undefined): { type: number; data: unknown } | null
  /** The value of bytes of a type. */
  decode(bytes: Uint8Array, type: number, context: undefined): unknown
}

/** The parts of the module `@msgpack/msgpack` that the codec uses. */
export interface MsgpackModule {
  /** The class that encodes. */
  readonly Encoder: new (options?: never) => { encode(value: unknown): Uint8Array }
  /** The class that decodes. */
  readonly Decoder: new (options?: never) => { decode(bytes: Uint8Array): unknown }
}

type Library = Pick<typeof Msgpack, 'Encoder' | 'Decoder'>

const PACKAGE = '@msgpack/msgpack'
const WHERE = 'msgpackValues'

const schema = v.strictObject({
  bigint: v.optional(v.boolean('must be true or false'), true),
  extensionCodec: v.optional(
    v.custom<MsgpackExtensionCodec>(
      (codec) => typeof (codec as { tryToEncode?: unknown } | null)?.tryToEncode === 'function',
      `must be an ExtensionCodec of ${PACKAGE}`,
    ),
  ),
  module: v.optional(
    v.custom<MsgpackModule>(
      (module) => typeof (module as { Encoder?: unknown } | null)?.Encoder === 'function',
      `must be the module ${PACKAGE}`,
    ),
  ),
})

/**
 * Stores values as MessagePack, which Python's `msgpack` reads too: smaller than JSON, with bytes,
 * dates and 64-bit integers. The type is the caller's claim; the option `schema` checks it.
 *
 * `undefined` in objects is left out, as in JSON; objects must not have a member `__proto__`, which the
 * decoder refuses. Errors: SHARD_INVALID_OPTION if the optional peer
 * `@msgpack/msgpack` is not installed.
 *
 * @example
 * const reader = await SnapshotReader.open({ prefix, values: msgpackValues<Reading>() })
 */
export function msgpackValues<T = unknown>(options: MsgpackOptions = {}): ValueCodec<T> {
  const { bigint, extensionCodec, module } = parseOptions(schema, options, WHERE)
  const { Encoder, Decoder } = (module as Library | undefined) ?? load()
  const codec = extensionCodec as Msgpack.ExtensionCodecType<undefined> | undefined
  const shared = { useBigInt64: bigint, ...(codec && { extensionCodec: codec }) }
  const encoder = new Encoder({ ...shared, ignoreUndefined: true })
  const decoder = new Decoder(shared)
  return {
    name: 'msgpack',
    encode: (value) => encoder.encode(value),
    decode: (bytes) => decoder.decode(bytes) as T,
  }
}

function load(): typeof Msgpack {
  try {
    return loadMsgpack()
  } catch (cause) {
    throw invalidOption(
      WHERE,
      `${PACKAGE} is not installed: npm install ${PACKAGE}; in a bundle for Node, pass it as the option module`,
      { peer: null, cause },
    )
  }
}
