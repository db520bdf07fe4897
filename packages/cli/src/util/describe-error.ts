import { inspect } from 'node:util'
import type { Paint } from '../output/style.js'
import { printable } from '../output/table.js'
import { EXIT } from './exit-codes.js'
import { Failure, UsageError } from './usage-error.js'

/** The library's errors, known by their shape: loading it only to ask would cost more than the answer. */
interface LibraryError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

/** How deep a chain of causes is shown. */
const MAX_CAUSES = 10
/** How much of one cause is shown. */
const MAX_CAUSE_LENGTH = 500

export function isLibraryError(error: unknown): error is LibraryError {
  return (
    error instanceof Error &&
    typeof (error as Partial<LibraryError>).code === 'string' &&
    (error as Partial<LibraryError>).code!.startsWith('SHARD_')
  )
}

/** The caller can correct wrong words; everything else has failed. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage
  if (isLibraryError(error)) {
    const mistakes = ['SHARD_INVALID_OPTION', 'SHARD_INVALID_KEY', 'SHARD_ROUTING']
    return mistakes.includes(error.code) ? EXIT.usage : EXIT.failure
  }
  return EXIT.failure
}

/**
 * An error for stderr: the library's as `CODE where: what was expected, what came; what to do`, others by their message;
 * below it the chain of causes, without secrets.
 *
 * Shape: `verbose` adds details, stacks, and whether to try again; an error that is not expected comes with its
 * stack all the same. Control characters are shown by their codes.
 */
export async function describeError(
  error: unknown,
  verbose: boolean,
  paint: Paint,
): Promise<string> {
  const lines = [`${paint('red', 'shardy:')} ${printable(headline(error), '\n\t')}`]
  const stack = (of: unknown): void => {
    const text = stackOf(of)
    if (text !== '') lines.push(paint('dim', printable(text, '\n\t')))
  }
  if (verbose && isLibraryError(error)) {
    lines.push(`  retryable: ${error.retryable}`)
    for (const [name, value] of Object.entries(error.details))
      lines.push(`  ${name}: ${printable(inspect(value, { depth: 4, breakLength: Infinity }))}`)
  }
  if (verbose || !isExpected(error)) stack(error)
  const causes = await causesOf(error)
  for (const { text, cause, isRepeated } of causes) {
    if (isRepeated && !verbose) continue
    lines.push(`${paint('yellow', '  caused by:')} ${printable(text)}`)
    if (verbose) stack(cause)
  }
  return `${lines.join('\n')}\n`
}

/** The same for programs, on one line. */
export async function errorRecord(error: unknown): Promise<Record<string, unknown>> {
  const message = error instanceof Error ? error.message : String(error)
  const texts = (await causesOf(error)).map(({ text }) => text)
  const causes = texts.length === 0 ? undefined : texts
  if (!isLibraryError(error))
    return { error: { code: error instanceof UsageError ? 'USAGE' : 'FAILURE', message, causes } }
  return { error: { code: error.code, message, retryable: error.retryable, causes } }
}

interface Cause {
  readonly cause: unknown
  readonly text: string
  /** Set when the lines above hold its message already. */
  readonly isRepeated: boolean
}

async function causesOf(error: unknown): Promise<Cause[]> {
  const causes: Cause[] = []
  let shown = headline(error)
  let cause = causeOf(error)
  if (cause === undefined) return causes
  // Errors with causes come from the library, which is loaded by then.
  const { redact } = await import('@shardyfusion/core/internal')
  for (; cause !== undefined && causes.length < MAX_CAUSES; cause = causeOf(cause)) {
    const whole = redact(messageOf(cause))
    const text = whole.length > MAX_CAUSE_LENGTH ? `${whole.slice(0, MAX_CAUSE_LENGTH)}…` : whole
    const message = cause instanceof Error ? cause.message : ''
    causes.push({ cause, text, isRepeated: message !== '' && shown.includes(redact(message)) })
    shown += `\n${whole}`
  }
  return causes
}

/** An AggregateError, as of a host with many addresses, has no message but those of its parts. */
function messageOf(cause: unknown): string {
  if (!(cause instanceof AggregateError) || cause.message !== '') return headline(cause)
  return cause.errors.map((one) => headline(one)).join('; ')
}

function headline(error: unknown): string {
  if (isLibraryError(error)) return `${error.code} ${error.message}`
  if (error instanceof UsageError || error instanceof Failure) return error.message
  return error instanceof Error ? `${error.name}: ${error.message}` : inspect(error)
}

function isExpected(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException
  const fromSystem = typeof code === 'string' && typeof syscall === 'string'
  return (
    isLibraryError(error) || error instanceof UsageError || error instanceof Failure || fromSystem
  )
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return ''
  return error.stack
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .join('\n')
}
