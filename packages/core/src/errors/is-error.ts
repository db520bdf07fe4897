/** The kinds that `Object.prototype.toString` reports for errors. */
const ERROR_TAGS = new Set(['[object Error]', '[object DOMException]'])

/**
 * Returns true for errors of every realm.
 *
 * Test runners and frameworks run modules in a `vm` context whose `Error` differs from that of
 * Node's own modules, so `instanceof` does not recognize the errors of `fs`.
 */
export function isError(value: unknown): value is Error {
  // oxlint-disable-next-line realm/no-global-instanceof -- it also accepts classes with another tag
  return value instanceof Error || ERROR_TAGS.has(Object.prototype.toString.call(value))
}

/** The same for the errors of one class, such as `SyntaxError`. */
export function isErrorNamed(value: unknown, name: string): value is Error {
  return isError(value) && value.name === name
}
