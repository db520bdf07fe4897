import type { Compressors } from 'hyparquet'
import { compressors as given, decompressLz4Raw } from 'hyparquet-compressors'

type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array

const { LZ4: hadoopLz4 } = given as Readonly<Record<string, Decompress>>

/**
 * The decompressors of all codecs.
 *
 * A page without values is empty, for which some of them have no case. `LZ4` names two framings, of
 * which the second is the plain block.
 */
export const compressors: Compressors = Object.fromEntries(
  Object.entries({ ...given, LZ4: eitherLz4 }).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, outputLength: number) =>
      outputLength === 0 ? new Uint8Array(0) : (decompress as Decompress)(input, outputLength),
  ]),
)

function eitherLz4(input: Uint8Array, outputLength: number): Uint8Array {
  try {
    return hadoopLz4!(input, outputLength)
  } catch {
    return decompressLz4Raw(input, outputLength)
  }
}
