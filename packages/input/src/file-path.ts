import { InputError } from './input-error.js'

/**
 * The file of a source that is a path or a `file:` URL, `undefined` for another source.
 *
 * Errors: InputError if a URL has another scheme: it would be read as the path of a file.
 */
export function filePathOf(
  source: unknown,
  where: string,
  expected: string,
): string | URL | undefined {
  const { protocol } = (source ?? {}) as Partial<URL>
  if (typeof source !== 'string' && typeof protocol !== 'string') return undefined
  const url = typeof source === 'string' ? /^[a-z][a-z0-9+.-]*:\/\//i.exec(source)?.[0] : protocol
  const isFile = url === undefined || /^file:/i.test(url)
  if (!isFile) {
    throw new InputError(
      `${where}: expected ${expected}, got a URL of ${url}; download the object, or read it by another client and ` +
        'pass its bytes',
    )
  }
  return typeof source === 'string' && url !== undefined ? new URL(source) : (source as string)
}

/** Renders a value for messages, short. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'an array' : `an object of type ${value.constructor?.name}`
}
