import type { EntryChunk, KeyEncoding, KeyRange } from '@shardyfusion/core'
import { cellText } from '../output/csv-text.js'
import { AtomicFile } from '../output/atomic-file.js'
import { filePrinter } from '../output/file-printer.js'
import type { Column, Printer } from '../output/printer.js'
import { type ByteFormat, formatFor, renderValue } from '../output/render-bytes.js'
import type { Context } from '../session/context.js'
import { bytesFromText, parseKey, renderKey } from '../session/keys.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

interface Options {
  readonly start?: string
  readonly end?: string
  readonly keyPrefix?: string
  readonly limit?: number
  readonly reverse?: true
  readonly unordered?: true
  readonly keysOnly?: true
  readonly count?: true
  readonly output?: string
}

export async function run({ context, options }: Call<Options>): Promise<number> {
  const reader = await context.session.reader()
  const scan = reader.scanIter(rangeOf(options, reader.keyEncoding, context.keysAs), {
    limit: options.limit,
    reverse: options.reverse === true,
    ordered: options.unordered !== true,
  })
  if (options.count === true) {
    let count = 0
    for (const chunk of scan.chunks()) {
      count += chunk.count
      await context.checkInterrupt()
    }
    context.printer.record({ count }, () => `${count}\n`)
    return EXIT.ok
  }
  if (options.output === undefined) {
    await print(scan.chunks(), context.printer, context, options)
    return EXIT.ok
  }
  const file = new AtomicFile(options.output)
  try {
    await print(scan.chunks(), filePrinter(file, context.chosenFormat), context, options)
    file.commit()
  } finally {
    file.close()
  }
  return EXIT.ok
}

async function print(
  chunks: Iterable<EntryChunk>,
  printer: Printer,
  { session, keysAs, valuesAs: given, checkInterrupt }: Context,
  { keysOnly }: Options,
): Promise<void> {
  const reader = await session.reader()
  const { keyEncoding } = reader
  const valuesAs = formatFor(given, reader.info().valueCodec)
  const list = printer.format === 'raw' ? undefined : printer.list(columns(keyEncoding, keysOnly))
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.count; i++) {
      const key = renderKey(chunk.key(i), keyEncoding, keysAs)
      if (list === undefined) {
        // Only the values, or only the keys, each followed by a line end.
        printer.data(keysOnly === true ? cellText(key) : chunk.value(i))
        printer.write('\n')
      } else if (keysOnly === true) list.row({ key })
      else list.row({ key, value: renderValue(chunk.value(i), valuesAs) })
    }
    await checkInterrupt()
  }
  list?.end()
}

function columns(encoding: KeyEncoding, keysOnly: true | undefined): readonly Column[] {
  const isInteger = encoding === 'u64be' || encoding === 'u32be'
  const key: Column = { name: 'key', align: isInteger ? 'right' : 'left' }
  return keysOnly === true ? [key] : [key, { name: 'value' }]
}

function rangeOf(
  { start, end, keyPrefix }: Options,
  encoding: KeyEncoding,
  as: ByteFormat,
): KeyRange | undefined {
  if (start === undefined && end === undefined && keyPrefix === undefined) return undefined
  return {
    start: start === undefined ? undefined : parseKey(start, encoding, as),
    end: end === undefined ? undefined : parseKey(end, encoding, as),
    prefix: keyPrefix === undefined ? undefined : prefixOf(keyPrefix, encoding, as),
  }
}

/** A key prefix: text, or stored bytes. Integer keys have only byte prefixes. */
function prefixOf(text: string, encoding: KeyEncoding, as: ByteFormat): string | Uint8Array {
  const asBytes = as === 'hex' || as === 'base64' ? as : undefined
  if (asBytes === undefined && encoding === 'utf8') return text
  if (asBytes === undefined && as === 'text') return text
  return bytesFromText(text, asBytes ?? 'hex', '--key-prefix')
}
