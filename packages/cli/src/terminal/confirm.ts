import type { Context } from '../session/context.js'
import { UsageError } from '../util/usage-error.js'

/**
 * Asks for confirmation of an irreversible action; `--yes` confirms it for scripts.
 *
 * Errors: UsageError without a terminal and without `--yes`.
 */
export async function confirmed(
  question: string,
  { stdin, stderr, flush }: Context,
  yes: true | undefined,
): Promise<boolean> {
  if (yes === true) return true
  if (!stdin.isTerminal || !stderr.isTerminal)
    throw new UsageError(`${question} Cannot ask without a terminal; pass --yes to confirm`)
  flush()
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr })
  return !isCancel(answer) && answer
}
