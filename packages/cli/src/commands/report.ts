import { AtomicFile } from '../output/atomic-file.js'
import { formatBytes } from '../output/units.js'
import { collectReport } from '../report/collect.js'
import { reportPage } from '../report/page.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

const DEFAULT_FILE = 'shardy-report.html'
const DEFAULT_RUNS = 50

interface Options {
  readonly output?: string
  readonly title?: string
  readonly limit?: number
}

export async function run({ context, options }: Call<Options>): Promise<number> {
  const { output = DEFAULT_FILE, title, limit = DEFAULT_RUNS } = options
  const page = reportPage(await collectReport(context.session, { title, limit }))
  const file = new AtomicFile(output)
  try {
    file.write(page)
    file.commit()
  } finally {
    file.close()
  }
  if (output !== '-') context.writeErr(`${output}: ${formatBytes(Buffer.byteLength(page))}\n`)
  return EXIT.ok
}
