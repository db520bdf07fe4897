import { EXIT } from '../util/exit-codes.js'
import type { Call, CommandSpec } from './command.js'

export async function run({ context, args, commands }: Call): Promise<number> {
  context.printer.write(await script(args[0], commands))
  return EXIT.ok
}

/** The parser has rejected unknown shells. */
async function script(
  shell: string | undefined,
  commands: readonly CommandSpec[],
): Promise<string> {
  switch (shell) {
    case 'zsh':
      return (await import('../completion/zsh.js')).zshCompletion(commands)
    case 'fish':
      return (await import('../completion/fish.js')).fishCompletion(commands)
    default:
      return (await import('../completion/bash.js')).bashCompletion(commands)
  }
}
