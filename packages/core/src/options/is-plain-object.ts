/** Returns true for object literals of every realm, and objects without a prototype. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // `Object.prototype` is the only common prototype that has none itself.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
