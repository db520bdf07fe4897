import { damaged } from '../error.js'
import { readSize, readU32, varintEnd } from '../format/varint.js'
import type { TextEncoding } from '../format/header.js'
import type { SqlValue, ValueMode } from '../value.js'

// A record: the size of its header as a varint, a serial type for each value as varints, then the values.

/** Bytes of a value by its serial type, for types below 12. */
const FIXED = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0] as const

/** How the values of a file are read. */
export interface ValueFormat extends ValueMode {
  readonly encoding: TextEncoding
}

/** Bytes of a value of this serial type. */
function valueBytes(serial: number): number {
  return serial < 12 ? FIXED[serial]! : Math.floor((serial - 12) / 2)
}

/** The serial types and values of a record, read one after the other. */
export class RecordCursor {
  readonly #bytes: Uint8Array
  readonly #page: number
  readonly #headerEnd: number
  readonly #end: number
  #at: number
  /** The value read last: its serial type and where its bytes start. */
  serial = 0
  start: number
  #next: number

  /** `bytes` holds a record from `start` to `end`; `page` is for messages. */
  constructor(bytes: Uint8Array, start: number, end: number, page: number) {
    this.#bytes = bytes
    this.#page = page
    const size = readSize(bytes, start)
    this.#at = varintEnd
    this.#headerEnd = start + size
    this.#end = end
    this.start = this.#headerEnd
    this.#next = this.#headerEnd
    if (!(this.#headerEnd <= end && this.#at <= this.#headerEnd)) {
      throw damaged(page, `a record of ${end - start} bytes has a header of ${size}`)
    }
  }

  /** Moves to the next value; false at the end. */
  next(): boolean {
    if (this.#at >= this.#headerEnd) return false
    this.serial = readSize(this.#bytes, this.#at)
    this.#at = varintEnd
    this.start = this.#next
    this.#next += valueBytes(this.serial)
    if (!(this.#next <= this.#end && this.#at <= this.#headerEnd)) {
      throw damaged(this.#page, 'a value ends outside its record')
    }
    if (this.serial === 10 || this.serial === 11) {
      throw damaged(this.#page, `a value has the reserved serial type ${this.serial}`)
    }
    return true
  }

  get length(): number {
    return this.#next - this.start
  }

  value(format: ValueFormat): SqlValue {
    if (!format.refusesText || this.serial < 12 || this.serial % 2 === 0) {
      return readValue(this.#bytes, this.start, this.serial, format)
    }
    const text = strictText(this.#bytes.subarray(this.start, this.#next), format.encoding)
    if (text !== undefined) return text
    throw damaged(this.#page, `a text is not ${format.encoding}`)
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true })

/** Reads one value; blobs are views. */
export function readValue(
  bytes: Uint8Array,
  at: number,
  serial: number,
  { encoding, integers }: ValueFormat,
): SqlValue {
  if (serial >= 12) {
    const view = bytes.subarray(at, at + valueBytes(serial))
    return serial % 2 === 0 ? view : decodeText(view, encoding)
  }
  if (serial === 0) return null
  if (serial === 7) return readReal(bytes, at)
  const integer = serial >= 8 ? serial - 8 : readNumber(bytes, at, serial)
  return integers === 'bigint' ? BigInt(integer) : integer
}

export function decodeText(bytes: Uint8Array, encoding: TextEncoding): string {
  if (encoding === 'utf-8') return utf8.decode(bytes)
  if (encoding === 'utf-16le') return utf16.decode(bytes)
  return utf16.decode(swapped(bytes))
}

const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })
const strictUtf16 = new TextDecoder('utf-16le', { ignoreBOM: true, fatal: true })

/** Text, or `undefined` if the bytes are not in the encoding. */
function strictText(bytes: Uint8Array, encoding: TextEncoding): string | undefined {
  const isOdd = encoding !== 'utf-8' && bytes.length % 2 === 1
  if (isOdd) return undefined
  try {
    if (encoding === 'utf-8') return strictUtf8.decode(bytes)
    return strictUtf16.decode(encoding === 'utf-16le' ? bytes : swapped(bytes))
  } catch {
    return undefined
  }
}

/** Text as the file stores it. */
export function encodeText(text: string, encoding: TextEncoding): Uint8Array {
  if (encoding === 'utf-8') return new TextEncoder().encode(text)
  const bytes = new Uint8Array(2 * text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    bytes[2 * i] = unit
    bytes[2 * i + 1] = unit >> 8
  }
  return encoding === 'utf-16le' ? bytes : swapped(bytes)
}

function swapped(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length & ~1)
  for (let i = 0; i < result.length; i += 2) {
    result[i] = bytes[i + 1]!
    result[i + 1] = bytes[i]!
  }
  return result
}

const realBytes = new Uint8Array(8)
const realView = new DataView(realBytes.buffer)

function readReal(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 8; i++) realBytes[i] = bytes[at + i]!
  return realView.getFloat64(0)
}

/** An integer of serial type 1 to 6: big-endian, two's complement. */
function readNumber(bytes: Uint8Array, at: number, serial: number): number | bigint {
  const length = FIXED[serial]!
  let value = (bytes[at]! << 24) >> 24
  if (length === 8) {
    const high = readU32(bytes, at) | 0
    const low = readU32(bytes, at + 4)
    const wide = high * 2 ** 32 + low
    return Number.isSafeInteger(wide) ? wide : (BigInt(high) << 32n) | BigInt(low)
  }
  for (let i = 1; i < length; i++) value = value * 256 + bytes[at + i]!
  return value
}
