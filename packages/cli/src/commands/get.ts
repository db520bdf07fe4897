import { formatFor, renderValue } from '../output/render-bytes.js'
import { cellText } from '../output/csv-text.js'
import { printable } from '../output/table.js'
import { parseKey, renderRequestedKey } from '../session/keys.js'
import { parseRoutingContext } from '../session/routing-context.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({
  context,
  args,
  options,
}: Call<{ context?: string[] }>): Promise<number> {
  const { session, printer, keysAs } = context
  const [text = ''] = args
  const reader = await session.lookupReader()
  const valuesAs = formatFor(context.valuesAs, reader.info().valueCodec)
  const key = parseKey(text, reader.keyEncoding, keysAs)
  const value = await reader.get(key, { context: parseRoutingContext(options.context) })
  if (printer.format === 'raw') {
    if (value !== undefined) printer.data(value)
  } else if (printer.format === 'table') {
    if (value !== undefined) {
      const shown = cellText(renderValue(value, valuesAs))
      // `data` escapes control characters on a terminal; a pipe receives the value unchanged.
      printer.data(`${shown}\n`)
    }
  } else {
    printer.record({
      key: renderRequestedKey(text, reader.keyEncoding, keysAs),
      found: value !== undefined,
      value: value === undefined ? undefined : renderValue(value, valuesAs),
    })
  }
  if (value !== undefined) return EXIT.ok
  context.writeErr(`${context.paint('dim', `key not found: ${printable(text)}`)}\n`)
  return EXIT.finding
}
