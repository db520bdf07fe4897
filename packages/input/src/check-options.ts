import { InputError } from './input-error.js'

/**
 * Refuses options with a misspelt name, which would be ignored otherwise, and columns that are not a list of names.
 *
 * Errors: InputError.
 */
export function checkOptions(options: object, known: readonly string[], where: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InputError(`${where}: options must be an object`)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new InputError(
      `${where}: unknown option ${JSON.stringify(unknown)}; the options are ${known.join(', ')}`,
    )
  const { columns } = options as { readonly columns?: unknown }
  const isList = Array.isArray(columns) && columns.every((name) => typeof name === 'string')
  if (columns === undefined || isList) return
  throw new InputError(`${where}: columns must be a list of names`)
}
