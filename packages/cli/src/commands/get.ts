import { renderValue } from '../output/render-bytes.js'
import { cellText } from '../output/csv-text.js'
import { printable } from '../output/table.js'
import { parseKey, renderAskedKey } from '../session/keys.js'
import { parseRoutingContext } from '../session/routing-context.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({
  context,
  args,
  options,
}: Call<{ context?: string[] }>): Promise<number> {
  const { session, printer, keysAs, valuesAs } = context
  const [text = ''] = args
  const reader = await session.reader()
  const key = parseKey(text, reader.keyEncoding, keysAs)
  const value = reader.get(key, { context: parseRoutingContext(options.context) })
  if (printer.format === 'raw') {
    if (value !== undefined) printer.data(value)
  } else if (printer.format === 'table') {
    if (value !== undefined) {
      const shown = cellText(renderValue(value, valuesAs))
      // A value must not drive the terminal; a pipe gets it as it is.
      printer.data(`${shown}\n`)
    }
  } else {
    printer.record({
      key: renderAskedKey(text, reader.keyEncoding, keysAs),
      found: value !== undefined,
      value: value === undefined ? undefined : renderValue(value, valuesAs),
    })
  }
  if (value !== undefined) return EXIT.ok
  context.tell(`${context.paint('dim', `there is no key ${printable(text)}`)}\n`)
  return EXIT.finding
}
