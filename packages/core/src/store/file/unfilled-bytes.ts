import { Buffer } from 'node:buffer'

/** An array that is written next, without zeros before, which take as long as reading it from the page cache. */
export function unfilledBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer)
}
