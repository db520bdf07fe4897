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
  const reader = await session.reader()
  const routing = parseRoutingContext(options.context)
  const rows = args.map((text) => {
    const shard = reader.shardFor(parseKey(text, reader.keyEncoding, keysAs), { context: routing })
    return {
      key: renderRequestedKey(text, reader.keyEncoding, keysAs),
      shard: shard.id,
      url: shard.url,
    }
  })
  printer.rows(
    [
      { name: 'key' },
      { name: 'shard', align: 'right' },
      { name: 'url', show: (url) => (typeof url === 'string' ? url : '(empty)') },
    ],
    rows,
  )
  return EXIT.ok
}
