import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDigits } from '../util/digits.js'
import { UsageError } from '../util/usage-error.js'
import { moduleExport } from './module-export.js'
import type { SettingSpec } from './setting-list.js'

export type SettingValue = string | number | boolean

/**
 * Parses a setting from text (flags, environment) or from a TOML value.
 *
 * Errors: UsageError that names the source, and never contains a secret.
 */
export function parseSetting(
  { name, kind, secret }: SettingSpec,
  given: unknown,
  from: string,
  folder: string,
): SettingValue {
  const wrong = (expected: string): UsageError => {
    const got = secret === true ? '' : `, got ${JSON.stringify(given) ?? 'nothing'}`
    return new UsageError(`${from}: ${name} must be ${expected}${got}`)
  }
  switch (kind.type) {
    case 'boolean':
      if (typeof given === 'boolean') return given
      if (given === 'true' || given === 'false') return given === 'true'
      throw wrong('true or false')
    case 'integer': {
      const number = typeof given === 'string' && isDigits(given) ? Number(given) : given
      if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 1) return number
      throw wrong(`an integer of 1 or more (${kind.unit})`)
    }
    case 'choice':
      if (typeof given === 'string' && kind.choices.includes(given)) return given
      throw wrong(`one of ${kind.choices.join(', ')}`)
    case 'module':
      if (typeof given === 'string') {
        if (kind.schemes?.some((scheme) => given.startsWith(`${scheme}://`))) return given
        const found = kind.names.includes(given) ? given : moduleExport(given, folder)
        if (found !== undefined) return found
      }
      throw wrong([...kind.names, ...urlForms(kind.schemes), 'module#export'].join(', '))
    case 'json':
      return jsonText(given, wrong)
    case 'text':
      if (typeof given === 'string' && given !== '') return given
      throw wrong('text')
    case 'path':
      if (typeof given === 'string' && given !== '') return resolve(folder, given)
      throw wrong('the path of a file')
    case 'location':
      if (typeof given === 'string' && given !== '') return toLocation(given, folder)
      throw wrong('a URL or a folder')
  }
}

function urlForms(schemes: readonly string[] = []): string[] {
  return schemes.slice(0, 1).map((scheme) => `${scheme}://…`)
}

/** JSON text, from a TOML value or from JSON text. */
function jsonText(given: unknown, wrong: (expected: string) => UsageError): string {
  if (typeof given !== 'string') return JSON.stringify(given)
  try {
    return JSON.stringify(JSON.parse(given))
  } catch {
    throw wrong('JSON')
  }
}

/** The scheme of a URL. It has at least two letters, because one letter is a Windows drive. */
const SCHEME = /^[a-z][a-z0-9+.-]{1,30}:/i

/**
 * Converts a folder to a `file://` URL. Returns text that starts with a scheme unchanged; the library validates it.
 *
 * `s3:/bucket`, with a missing slash, is therefore an error and never a folder named `s3:`.
 */
function toLocation(location: string, folder: string): string {
  return SCHEME.test(location) ? location : pathToFileURL(resolve(folder, location)).href
}
