/**
 * A file that cannot be read, or a column that does not exist or has an unsupported type.
 *
 * The message names the call and the file, then the expected and the actual value, then the remedy.
 */
export class InputError extends Error {
  /** Name of the class. */
  override readonly name = 'InputError'
}

/** The message of a failure of any realm. */
export function reasonOf(cause: unknown): string {
  const { message } = (cause ?? {}) as { message?: unknown }
  return typeof message === 'string' && message !== '' ? message : String(cause)
}
