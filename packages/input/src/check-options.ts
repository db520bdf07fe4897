import { describe } from './file-path.js'
import { InputError } from './input-error.js'

/**
 * Refuses options with a misspelt name, which would be ignored otherwise, columns that are not a list of names, and another signal than an AbortSignal.
 *
 * Errors: InputError.
 */
export function checkOptions(options: object, known: readonly string[], where: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InputError(`${where}: options must be an object, got ${describe(options)}`)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new InputError(
      `${where}: unknown option ${JSON.stringify(unknown)}; the options are ${known.join(', ')}`,
    )
  const { columns, signal } = options as {
    readonly columns?: unknown
    readonly signal?: Partial<AbortSignal> | null
  }
  const isList = Array.isArray(columns) && columns.every((name) => typeof name === 'string')
  if (columns !== undefined && !isList)
    throw new InputError(`${where}: columns must be a list of names, got ${describe(columns)}`)
  if (signal === undefined || typeof signal?.throwIfAborted === 'function') return
  throw new InputError(`${where}: signal must be an AbortSignal, got ${describe(signal)}`)
}
