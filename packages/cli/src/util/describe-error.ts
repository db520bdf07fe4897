import type { InspectOptions } from 'node:util'
import type { Paint } from '../output/style.js'
import { printable } from '../output/table.js'
import { EXIT } from './exit-codes.js'
import { Failure, UsageError } from './usage-error.js'
import { isError, isErrorNamed } from './is-error.js'

/** An error of the library, recognized by its shape. Loading the library only for `instanceof` would be slow. */
interface LibraryError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

/** Maximum number of causes shown. */
const MAX_CAUSES = 10
/** Maximum length of the message of a cause, in characters. */
const MAX_CAUSE_LENGTH = 500

export function isLibraryError(error: unknown): error is LibraryError {
  return (
    isError(error) &&
    typeof (error as Partial<LibraryError>).code === 'string' &&
    (error as Partial<LibraryError>).code!.startsWith('SHARD_')
  )
}

/** True if Ctrl-C ended a call of the library. */
export function isInterruption(error: unknown): boolean {
  return isLibraryError(error) && error.code === 'SHARD_INTERRUPTED'
}

/**
 * `EXIT.usage` for errors that the user can correct on the command line, `EXIT.interrupted` for Ctrl-C, else
 * `EXIT.failure`.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage
  if (isInterruption(error)) return EXIT.interrupted
  if (isLibraryError(error)) {
    const usageCodes = ['SHARD_INVALID_OPTION', 'SHARD_INVALID_KEY', 'SHARD_ROUTING']
    return usageCodes.includes(error.code) ? EXIT.usage : EXIT.failure
  }
  return EXIT.failure
}

/**
 * Formats an error and its causes for stderr, without secrets.
 *
 * Shape: an error of the library starts with its code. `verbose` adds details, stacks and `retryable`. An unexpected
 * error always has its stack. Control characters are escaped.
 */
export async function describeError(
  error: unknown,
  verbose: boolean,
  paint: Paint,
): Promise<string> {
  const lines = [`${paint('red', 'shardy:')} ${printable(inFlags(headline(error)), '\n\t')}`]
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

/** Converts an error and its causes to a record, for programs. */
export async function errorRecord(error: unknown): Promise<Record<string, unknown>> {
  const message = isError(error) ? error.message : String(error)
  const texts = (await causesOf(error)).map(({ text }) => text)
  const causes = texts.length === 0 ? undefined : texts
  if (!isLibraryError(error))
    return { error: { code: error instanceof UsageError ? 'USAGE' : 'FAILURE', message, causes } }
  return { error: { code: error.code, message, retryable: error.retryable, causes } }
}

interface Cause {
  readonly cause: unknown
  readonly text: string
  /** True if the lines above already contain this message. */
  readonly isRepeated: boolean
}

async function causesOf(error: unknown): Promise<Cause[]> {
  const causes: Cause[] = []
  let shown = headline(error)
  let cause = causeOf(error)
  if (cause === undefined) return causes
  // Errors with causes come from the library, so it is already loaded.
  const { redact } = await import('@shardyfusion/core/internal')
  for (; cause !== undefined && causes.length < MAX_CAUSES; cause = causeOf(cause)) {
    const whole = redact(messageOf(cause))
    const text = whole.length > MAX_CAUSE_LENGTH ? `${whole.slice(0, MAX_CAUSE_LENGTH)}…` : whole
    const message = isError(cause) ? cause.message : ''
    causes.push({ cause, text, isRepeated: message !== '' && shown.includes(redact(message)) })
    shown += `\n${whole}`
  }
  return causes
}

/** The message of a cause. An AggregateError, for example of a host with many addresses, has only those of its parts. */
function messageOf(cause: unknown): string {
  if (!isErrorNamed(cause, 'AggregateError') || cause.message !== '') return headline(cause)
  const { errors } = cause as AggregateError
  return errors.map((one) => headline(one)).join('; ')
}

function headline(error: unknown): string {
  if (isLibraryError(error)) return `${error.code} ${error.message}`
  if (error instanceof UsageError || error instanceof Failure) return error.message
  return isError(error) ? `${error.name}: ${error.message}` : inspect(error)
}

/** Names the flag where a message of the library names its option. */
function inFlags(message: string): string {
  return message.replaceAll(/\bshardUrls: '(\w{1,20})'/g, '--shard-urls $1')
}

function isExpected(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException
  const fromSystem = typeof code === 'string' && typeof syscall === 'string'
  return (
    isLibraryError(error) || error instanceof UsageError || error instanceof Failure || fromSystem
  )
}

function causeOf(error: unknown): unknown {
  return isError(error) ? error.cause : undefined
}

function stackOf(error: unknown): string {
  if (!isError(error) || error.stack === undefined) return ''
  return error.stack
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .join('\n')
}

/** `node:util` is loaded here, because it takes milliseconds and most calls end without an error. */
function inspect(value: unknown, options: InspectOptions = {}): string {
  return process.getBuiltinModule('node:util').inspect(value, options)
}
