import { keepFreedMemory } from './keep-freed-memory.js'

/** Node's `Buffer`. */
interface Unfilled {
  allocUnsafeSlow?(bytes: number): Uint8Array<ArrayBuffer>
}

const { Buffer: unfilled } = globalThis as { Buffer?: Unfilled }

/** An array that is written next, without zeros before, which take as long as a copy; outside Node it has zeros. */
export function unfilledBytes(length: number): Uint8Array<ArrayBuffer> {
  keepFreedMemory(length, allocate)
  return allocate(length)
}

function allocate(length: number): Uint8Array<ArrayBuffer> {
  const buffer = unfilled?.allocUnsafeSlow?.(length).buffer
  return buffer === undefined ? new Uint8Array(length) : new Uint8Array(buffer)
}
