import { invalidOption } from '../errors/error-factories.js'
import { isBytes } from '../text/bytes.js'
import type { ValueCodec, ValuesOption } from './value-codec.js'

/** Text formats that read each other: which of them a writer names does not say what the text is. */
const TEXT = ['utf8', 'json']

/** The name that writers record in the manifest; `undefined` if there is none to check. */
export function codecName(values: ValuesOption): string | undefined {
  if (typeof values === 'object') return values.name
  return values === 'bytes' ? undefined : values
}

/** The names that a codec reads: its own and those in `reads`. */
export function readableNames(values: ValuesOption): readonly string[] {
  const name = codecName(values)
  const reads = typeof values === 'object' ? (values.reads ?? []) : TEXT
  return name === undefined ? reads : [name, ...reads]
}

/**
 * Refuses a snapshot whose values have another format than the reader decodes.
 *
 * Shape: `recorded` is the name in the manifest, if it has one. Errors: SHARD_INVALID_OPTION.
 */
export function requireReadable(
  values: ValuesOption,
  recorded: string | undefined,
  where: string,
): void {
  const name = codecName(values)
  if (recorded === undefined || name === undefined) return
  if (readableNames(values).includes(recorded)) return
  throw invalidOption(
    where,
    `values is ${JSON.stringify(name)}, but those of this snapshot were written as ${JSON.stringify(recorded)}; ` +
      "pass the codec with this name, or 'bytes' to read them as they are stored",
    { details: { values: name, recorded } },
  )
}

/**
 * Refuses to write values of another format than those of a snapshot that stay in it.
 *
 * Errors: SHARD_INVALID_OPTION.
 */
export function requireSameCodec(
  values: ValuesOption,
  recorded: string | undefined,
  where: string,
): void {
  const name = codecName(values)
  if (recorded === undefined || name === undefined || name === recorded) return
  throw invalidOption(
    where,
    `values is ${JSON.stringify(name)}, but those of the current snapshot were written as ${JSON.stringify(recorded)}; ` +
      "pass the codec with this name, or 'bytes' and values that are encoded like them",
    { details: { values: name, recorded } },
  )
}

/** Values that stay bytes in this place, because another one encodes and decodes them. */
export class StoredValues implements ValueCodec<Uint8Array> {
  readonly name: string | undefined
  readonly reads: readonly string[] | undefined

  constructor(name?: string, reads?: readonly string[]) {
    this.name = name
    this.reads = reads
  }

  /** The same for values that another place handles by `values`. */
  static of(values: ValuesOption): StoredValues {
    return new StoredValues(codecName(values), readableNames(values))
  }

  encode(value: Uint8Array): Uint8Array {
    if (isBytes(value)) return value
    throw new TypeError('values must be bytes here')
  }

  decode(bytes: Uint8Array): Uint8Array {
    return bytes
  }
}
