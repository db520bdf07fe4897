import type { ValueCodec } from '@shardyfusion/core'
import type { BuildFlags } from './build-flags.js'

/**
 * Values that are encoded already, with the name that the manifest records for readers: `json` for whole
 * rows and `--value-as json`, `utf8` for `--value-as text`. Other columns may be binary.
 */
export function storedAs({
  value,
  valueAs,
}: Pick<BuildFlags, 'value' | 'valueAs'>): ValueCodec<Uint8Array> | undefined {
  const name = value === undefined ? 'json' : NAMES[valueAs ?? 'hex']
  return name && { name, encode: (bytes) => bytes, decode: (bytes) => bytes }
}

const NAMES = { json: 'json', text: 'utf8', hex: undefined, base64: undefined } as const
