import { isUtf8 } from 'node:buffer'
import { isJson } from '../json/is-json.js'
import { skipJsonBlanks } from '../json/json-string-end.js'
import { type Cell, JsonText } from './json-text.js'

/** Formats of bytes; `auto` decides by the content. */
export const BYTE_FORMATS = ['auto', 'text', 'json', 'hex', 'base64'] as const
export type ByteFormat = (typeof BYTE_FORMATS)[number]

/**
 * Formats the bytes of a value as a cell.
 *
 * `auto`: a JSON object or array unchanged, else text if it is UTF-8, else `base64:…`.
 * `json`: JSON unchanged, else the text as a JSON string. `text` replaces invalid UTF-8 with U+FFFD.
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

/** The format that `auto` means for a snapshot whose manifest names the codec of its values. */
export function formatFor(format: ByteFormat, valueCodec: string | undefined): ByteFormat {
  return format === 'auto' && valueCodec === 'json' ? 'json' : format
}

/** A view of the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function isNested(text: string): boolean {
  const first = text[skipJsonBlanks(text, 0)]
  return first === '{' || first === '['
}
