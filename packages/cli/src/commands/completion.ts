import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

export async function run({ context, args }: Call): Promise<number> {
  context.printer.write(await script(args[0]))
  return EXIT.ok
}

/** The parser has seen to it that there are no others. */
async function script(shell: string | undefined): Promise<string> {
  switch (shell) {
    case 'zsh':
      return (await import('../completion/zsh.js')).zshCompletion()
    case 'fish':
      return (await import('../completion/fish.js')).fishCompletion()
    default:
      return (await import('../completion/bash.js')).bashCompletion()
  }
}
