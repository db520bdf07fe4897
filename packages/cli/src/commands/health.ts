import { formatMs } from '../output/units.js'
import { parseDuration } from '../util/duration.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({ context, options }: Call<{ maxAge?: string }>): Promise<number> {
  const { session, printer } = context
  const { maxAge } = options
  const stalenessThresholdMs =
    maxAge === undefined ? undefined : parseDuration(maxAge, 'health: --max-age')
  const { status, reason, ageMs, shards, manifestRef } = (await session.reader()).health({
    stalenessThresholdMs,
  })
  printer.record({ status, reason, ageMs, shards, manifestRef }, () =>
    printer.facts(
      { status, reason, age: formatMs(ageMs), shards, manifest: manifestRef },
      { status: status === 'healthy' ? 'green' : 'yellow' },
    ),
  )
  return status === 'healthy' ? EXIT.ok : EXIT.finding
}
