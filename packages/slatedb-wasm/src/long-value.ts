import type { Reader } from '../wasm/slatedb.js'
import type { Exchange } from './exchange.js'
import { unfilledBytes } from './unfilled-bytes.js'

/** Shorter blocks are read into the memory of the engine, at the same cost. */
const LEAST_BLOCK_BYTES = 32 * 1024
/** The first and the last bytes of a block, which have all but a part of the value. */
const END_BYTES = 1024
const MAX_KEY_BYTES = END_BYTES - 64
const CHECKSUM_BYTES = 4
/** A result of `peekPlace`, as in `rust/engine/src/reader.rs`. */
const FOUND = 0

/** Whether the value of such a block can be read in place. */
export function isLong(blockBytes: number, keyBytes: number): boolean {
  return blockBytes >= LEAST_BLOCK_BYTES && keyBytes <= MAX_KEY_BYTES
}

/** Memory for the stored bytes of a block, in which the only value is at a multiple of eight. */
export function memoryOfBlock(blockBytes: number, keyBytes: number): Uint8Array<ArrayBuffer> {
  // A row begins with three varints: shared bytes of the key, which are none, length of the key, length of the value.
  const valueStart = 1 + varintBytes(keyBytes) + varintBytes(blockBytes) + keyBytes
  const start = -valueStart & 7
  return new Uint8Array(unfilledBytes(start + blockBytes).buffer, start, blockBytes)
}

/**
 * The value in the stored bytes of the block that the latest `peek` lacks, as a view; `undefined` if the engine has to read
 * the block. Only the ends of the block and its checksum cross to the engine.
 */
export function valueInPlace(
  block: Uint8Array<ArrayBuffer>,
  keyBytes: number,
  reader: Reader,
  exchange: Exchange,
): Uint8Array<ArrayBuffer> | undefined {
  const checksum = exchange.checksum(block.subarray(0, block.length - CHECKSUM_BYTES))
  const ends = exchange.storedBytes(2 * END_BYTES)
  ends.set(block.subarray(0, END_BYTES))
  ends.set(block.subarray(block.length - END_BYTES), END_BYTES)
  if (reader.peekPlace(keyBytes, END_BYTES, checksum) !== FOUND) return undefined
  const { start, bytes } = exchange.place()
  const value = new Uint8Array(block.buffer, block.byteOffset + start, bytes)
  return value.byteOffset % 8 === 0 ? value : value.slice()
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}
