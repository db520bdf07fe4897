import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { usageFailure } from './program.js'

/** `parseArgs` that answers wrong words with the usage text. */
export function parseCommandLine<T extends ParseArgsConfig>(
  config: T,
  usage: string,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw usageFailure((error as Error).message, usage)
  }
}

/** A number given as an option, or `fallback` when it was not. */
export function wholeNumber(
  text: string | undefined,
  fallback: number,
  option: string,
  usage: string,
): number {
  if (text === undefined) return fallback
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw usageFailure(`--${option} must be a whole number, got "${text}"`, usage)
}

/** A path as the user meant it: `npm run` starts programs in the folder of package.json instead. */
export function userPath(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path)
}

/** Where a snapshot lies: a URL as it is, a folder as its `file://` URL. */
export function toPrefix(location: string): string {
  return location.includes('://') ? location : pathToFileURL(userPath(location)).href
}
