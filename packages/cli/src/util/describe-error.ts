import { inspect } from 'node:util'
import type { Paint } from '../output/style.js'
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

export function isLibraryError(error: unknown): error is LibraryError {
  return (
    error instanceof Error &&
    typeof (error as Partial<LibraryError>).code === 'string' &&
    (error as Partial<LibraryError>).code!.startsWith('SHARD_')
  )
}

/** Wrong words are the caller's to mend; everything else has failed. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage
  if (isLibraryError(error)) {
    const mistakes = ['SHARD_INVALID_OPTION', 'SHARD_INVALID_KEY', 'SHARD_ROUTING']
    return mistakes.includes(error.code) ? EXIT.usage : EXIT.failure
  }
  return EXIT.failure
}

/**
 * An error for stderr: the library's as `CODE where: what was expected, what came; what to do`, others by their message.
 *
 * Shape: `verbose` adds details, whether to try again, and the chain of causes; without it an error nobody
 * expected comes with its stack all the same.
 */
export function describeError(error: unknown, verbose: boolean, paint: Paint): string {
  const lines = [`${paint('red', 'shardy:')} ${headline(error)}`]
  if (!verbose) {
    if (!isExpected(error) && error instanceof Error && error.stack !== undefined)
      lines.push(paint('dim', stackOf(error)))
    return `${lines.join('\n')}\n`
  }
  if (isLibraryError(error)) {
    lines.push(`  retryable: ${error.retryable}`)
    for (const [name, value] of Object.entries(error.details))
      lines.push(`  ${name}: ${inspect(value, { depth: 4, breakLength: Infinity })}`)
  }
  lines.push(paint('dim', stackOf(error)))
  let cause = causeOf(error)
  for (let depth = 0; cause !== undefined && depth < MAX_CAUSES; depth++) {
    lines.push(
      `${paint('yellow', '  caused by:')} ${headline(cause)}`,
      paint('dim', stackOf(cause)),
    )
    cause = causeOf(cause)
  }
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

/** The same for programs, on one line. */
export function errorRecord(error: unknown): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error)
  if (!isLibraryError(error))
    return { error: { code: error instanceof UsageError ? 'USAGE' : 'FAILURE', message } }
  return { error: { code: error.code, message, retryable: error.retryable } }
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
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
}
