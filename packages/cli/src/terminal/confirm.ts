import type { Context } from '../session/context.js'
import { UsageError } from '../util/usage-error.js'

/**
 * Asks before something that cannot be taken back; `--yes` answers for scripts.
 *
 * Errors: UsageError where nobody can be asked: a script must say what it wants.
 */
export async function confirmed(
  question: string,
  { stdin, stderr, flush }: Context,
  yes: true | undefined,
): Promise<boolean> {
  if (yes === true) return true
  if (!stdin.isTerminal || !stderr.isTerminal)
    throw new UsageError(`${question} There is no terminal to ask on; pass --yes`)
  flush()
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr })
  return !isCancel(answer) && answer
}
