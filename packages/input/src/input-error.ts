/**
 * A file that cannot be read, or a column that does not exist or has an unsupported type.
 *
 * The message has the form `call: what was expected, what came; what to do`.
 */
export class InputError extends Error {
  override readonly name = 'InputError'
}

/** The message of a failure of any realm. */
export function reasonOf(cause: unknown): string {
  const { message } = (cause ?? {}) as { message?: unknown }
  return typeof message === 'string' && message !== '' ? message : String(cause)
}
