import { isUtf8 } from 'node:buffer'
import { isJson } from '../json/is-json.js'
import { skipJsonBlanks } from '../json/json-string-end.js'
import { type Cell, JsonText } from './json-text.js'

/** How bytes are shown: `auto` decides by what they hold. */
export const BYTE_FORMATS = ['auto', 'text', 'json', 'hex', 'base64'] as const
export type ByteFormat = (typeof BYTE_FORMATS)[number]

/**
 * Bytes of a value as a cell.
 *
 * `auto`: a JSON object or array as it stands, else text when it is UTF-8, else `base64:…`.
 * `json`: as it stands, or text in quotes where it is none. `text` of other bytes shows U+FFFD.
 */
export function renderValue(bytes: Uint8Array, format: ByteFormat): Cell {
  const buffer = asBuffer(bytes)
  switch (format) {
    case 'hex':
      return buffer.toString('hex')
    case 'base64':
      return buffer.toString('base64')
    case 'text':
      return buffer.toString()
    case 'json': {
      const text = buffer.toString()
      return isJson(text) ? new JsonText(text) : text
    }
    case 'auto': {
      if (!isUtf8(buffer)) return `base64:${buffer.toString('base64')}`
      const text = buffer.toString()
      return isNested(text) && isJson(text) ? new JsonText(text) : text
    }
  }
}

/** A view on the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function isNested(text: string): boolean {
  const first = text[skipJsonBlanks(text, 0)]
  return first === '{' || first === '['
}
