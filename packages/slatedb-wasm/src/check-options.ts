import { SlateDbError } from './error.js'

/** The methods of a store that a reader calls. */
export const READING = ['get', 'head', 'list'] as const
/** Those that a writer calls. */
export const WRITING = [...READING, 'put', 'delete'] as const

/** Refuses options without a store that has the methods. Errors: SlateDbError of kind Invalid. */
export function checkStore(
  options: { readonly store?: unknown } | undefined,
  methods: readonly string[],
  where: string,
): void {
  const { store } = options ?? {}
  const isStore =
    typeof store === 'object' &&
    store !== null &&
    methods.every((name) => typeof (store as Record<string, unknown>)[name] === 'function')
  if (isStore) return
  throw invalid(`${where}: store: expected an object with the methods ${methods.join(', ')}`)
}

/** Checks an option that is a whole number. Errors: SlateDbError of kind Invalid. */
export function checkInteger(
  value: number,
  { min, max }: { readonly min: number; readonly max: number },
  what: string,
): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw invalid(`${what} from ${min} to ${max}, got ${String(value)}`)
}

/** Checks a target in bytes, which need not be whole. Errors: SlateDbError of kind Invalid. */
export function checkBytes(value: number, what: string): void {
  if (typeof value === 'number' && value >= 0) return
  throw invalid(`${what}: expected bytes, a number of 0 or more, got ${String(value)}`)
}

export function invalid(message: string): SlateDbError {
  return new SlateDbError('Invalid', message)
}
