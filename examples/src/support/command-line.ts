import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { usageFailure } from './program.js'

/** `parseArgs`, with the usage text in its errors. */
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

/** The integer value of an option, or `fallback` if it is not set. */
export function wholeNumber(
  text: string | undefined,
  fallback: number,
  option: string,
  usage: string,
): number {
  if (text === undefined) return fallback
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw usageFailure(`--${option} must be an integer, got "${text}"`, usage)
}

/** Resolves a path from the user's folder: `npm run` starts programs in the folder of package.json. */
export function userPath(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path)
}

/** The location of a snapshot: a URL unchanged, or the `file://` URL of a folder. */
export function toPrefix(location: string): string {
  return location.includes('://') ? location : pathToFileURL(userPath(location)).href
}
