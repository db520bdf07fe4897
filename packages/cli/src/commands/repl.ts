import { Repl } from '../repl/repl.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({ context, commands }: Call): Promise<number> {
  await new Repl(context, commands).run()
  return EXIT.ok
}
