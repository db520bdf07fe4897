import type { Key } from '@shardyfusion/core'
import { cellText } from '../output/csv-text.js'
import { formatFor, renderValue } from '../output/render-bytes.js'
import { openInput } from '../input/open-input.js'
import { inBatches, textLines } from '../input/text-lines.js'
import { parseKey, renderRequestedKey } from '../session/keys.js'
import { parseRoutingContext } from '../session/routing-context.js'
import { EXIT } from '../util/exit-codes.js'
import { UsageError } from '../util/usage-error.js'
import type { Call } from './command.js'

/** Keys per call, so that a list of any length fits into memory. */
const BATCH_KEYS = 4096

interface Options {
  context?: string[]
  onlyFound?: true
}

export async function run({ context, args, options }: Call<Options>): Promise<number> {
  const { session, printer, keysAs } = context
  const reader = await session.lookupReader()
  const valuesAs = formatFor(context.valuesAs, reader.info().valueCodec)
  const routing = parseRoutingContext(options.context)
  const list = printer.list([
    { name: 'key', align: reader.keyEncoding === 'u64be' ? 'right' : 'left' },
    {
      name: 'found',
      show: (found) => (found === true ? 'yes' : 'no'),
      style: (found) => (found === true ? undefined : 'yellow'),
    },
    { name: 'value' },
  ])
  let missing = 0
  for await (const texts of inBatches(keyTexts(context.stdin.isTerminal, args), BATCH_KEYS)) {
    const keys: Key[] = texts.map((text) => parseKey(text, reader.keyEncoding, keysAs))
    const values = await reader.getMany(keys, { context: routing })
    values.forEach((value, i) => {
      if (value === undefined) missing++
      if (value === undefined && options.onlyFound === true) return
      if (printer.format === 'raw') {
        // One line per key, so that lines and keys correspond.
        printer.data(value === undefined ? '' : cellText(renderValue(value, 'text')))
        printer.line()
        return
      }
      list.row({
        key: renderRequestedKey(texts[i]!, reader.keyEncoding, keysAs),
        found: value !== undefined,
        value: value === undefined ? undefined : renderValue(value, valuesAs),
      })
    })
  }
  if (printer.format !== 'raw') list.end()
  return missing === 0 ? EXIT.ok : EXIT.finding
}

async function* keyTexts(
  stdinIsTerminal: boolean,
  args: readonly string[],
): AsyncGenerator<string> {
  if (args.length > 0 && !(args.length === 1 && args[0] === '-')) {
    yield* args
    return
  }
  if (args.length === 0 && stdinIsTerminal)
    throw new UsageError(
      'multiget: expected keys, got none; name keys, or pipe them to stdin, one per line',
    )
  for await (const line of textLines(openInput('-'))) if (line !== '') yield line
}
