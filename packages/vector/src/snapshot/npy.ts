import { describeValue, invalidValue, isBytes } from '@shardyfusion/core/internal-vector'

/** A table of numbers, row by row. */
export interface Matrix {
  /** Number of rows. */
  readonly rows: number
  /** Numbers in a row. */
  readonly columns: number
  /** The numbers, row by row. */
  readonly values: Float32Array | Float64Array
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** Headers are small; a longer one is not a file of numbers. */
const MAX_HEADER_BYTES = 64 * 1024
const ALIGNMENT = 64

/**
 * Reads a NumPy file (`.npy`, versions 1 to 3) with a table of float32 or float64 in row order.
 *
 * Errors: SHARD_INVALID_VALUE naming what is different.
 */
export function readNpy(bytes: Uint8Array): Matrix {
  const refuse = (problem: string): Error =>
    invalidValue('readNpy', `a .npy file must have a table of <f4 or <f8 in C order: ${problem}`, {
      peer: 'ReaderStateError',
    })
  if (!isBytes(bytes))
    throw refuse(`got ${describeValue(bytes)}; read the file first, and pass its bytes`)
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw refuse('it does not begin as one')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isFirst = bytes[6] === 1
  const start = isFirst ? 10 : 12
  const length = isFirst ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > MAX_HEADER_BYTES || start + length > bytes.length)
    throw refuse('its header is cut off')
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, start + length))
  const type = /'descr'\s*:\s*'([^']{1,9})'/.exec(header)?.[1]
  const shape = /'shape'\s*:\s*\(\s*(\d{1,15})\s*,\s*(\d{1,15})\s*,?\s*\)/.exec(header)
  if (type !== '<f4' && type !== '<f8') throw refuse(`its type is ${type ?? 'unknown'}`)
  if (!/'fortran_order'\s*:\s*False/.test(header)) throw refuse('it is in Fortran order')
  if (shape === null) throw refuse('it must have two dimensions')
  const [rows, columns] = [Number(shape[1]), Number(shape[2])]
  const count = rows * columns
  const width = type === '<f4' ? 4 : 8
  if (bytes.length - start - length !== count * width)
    throw refuse(`${rows} x ${columns} numbers of ${width} bytes do not match its size`)
  const data = bytes.slice(start + length)
  const values =
    width === 4
      ? new Float32Array(data.buffer, data.byteOffset, count)
      : new Float64Array(data.buffer, data.byteOffset, count)
  return { rows, columns, values }
}

/** Writes a NumPy file, version 1. */
export function writeNpy({ rows, columns, values }: Matrix): Uint8Array<ArrayBuffer> {
  const type = values.BYTES_PER_ELEMENT === 4 ? '<f4' : '<f8'
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`
  const headerBytes = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT - 10
  const header = `${text.padEnd(headerBytes - 1)}\n`
  const bytes = new Uint8Array(10 + headerBytes + values.byteLength)
  bytes.set([...MAGIC, 1, 0, headerBytes & 255, headerBytes >> 8])
  bytes.set(new TextEncoder().encode(header), 10)
  const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  bytes.set(data, 10 + headerBytes)
  return bytes
}
