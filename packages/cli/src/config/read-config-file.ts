import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { homeFolder } from '../util/home-folder.js'
import { UsageError } from '../util/usage-error.js'
import { parseSetting, type SettingValue } from './parse-setting.js'
import { SETTINGS, SETTINGS_BY_NAME } from './setting-list.js'

export interface ConfigFile {
  readonly path: string
  readonly values: ReadonlyMap<string, SettingValue>
  /** Warnings for stderr, such as secrets that other users can read. */
  readonly warnings: readonly string[]
}

/** The tables of the file: `s3` for `s3.region`. */
const TABLES = new Set(
  SETTINGS.flatMap(({ name }) => (name.includes('.') ? [name.split('.')[0]!] : [])),
)

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the settings file: the named one, else `shardy.toml` of the current folder, else
 * `shardy/config.toml` below `$XDG_CONFIG_HOME` (`~/.config`). Returns `undefined` if none exists.
 *
 * Errors: UsageError that names the file, and the line of invalid TOML.
 */
export async function readConfigFile(
  named: string | undefined,
  profile: string | undefined,
  env: Environment,
): Promise<ConfigFile | undefined> {
  const path = named === undefined ? findFile(env) : resolve(named)
  if (path === undefined) {
    if (profile === undefined) return undefined
    throw new UsageError(
      `--profile ${profile}: expected a settings file, found none; pass one with --config`,
    )
  }
  const text = readText(path)
  // Loaded on demand: most calls have no settings file.
  const { parse } = await import('smol-toml')
  let document: Record<string, unknown>
  try {
    document = parse(text)
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message.split('\n')[0]}`, { cause: error })
  }
  const { profiles = {}, ...common } = document
  const values = new Map<string, SettingValue>()
  collect(common, path, '', values)
  if (!isTable(profiles)) throw new UsageError(`${path}: profiles must be tables, [profiles.name]`)
  if (profile !== undefined) {
    const chosen = Object.hasOwn(profiles, profile) ? profiles[profile] : undefined
    if (!isTable(chosen)) {
      const known = Object.keys(profiles).join(', ') || 'none'
      throw new UsageError(
        `${path}: [profiles.${profile}] does not exist; the profiles are: ${known}`,
      )
    }
    collect(chosen, path, '', values)
  }
  return { path, values, warnings: secretWarnings(path, values) }
}

function findFile(env: Environment): string | undefined {
  const home = homeFolder()
  const configHome = env['XDG_CONFIG_HOME'] || (home && join(home, '.config'))
  const candidates = [
    resolve('shardy.toml'),
    ...(configHome ? [join(configHome, 'shardy', 'config.toml')] : []),
  ]
  return candidates.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`--config: ${(cause as Error).message}`, { cause })
  }
}

/** Joins the names of nested tables with dots: `[s3] region` is `s3.region`. */
function collect(
  table: Record<string, unknown>,
  path: string,
  before: string,
  values: Map<string, SettingValue>,
): void {
  for (const [key, given] of Object.entries(table)) {
    const name = `${before}${key}`
    const spec = SETTINGS_BY_NAME.get(name)
    if (spec !== undefined) values.set(name, parseSetting(spec, given, path, dirname(path)))
    else if (TABLES.has(name) && isTable(given)) collect(given, path, `${name}.`, values)
    else throw new UsageError(`${path}: unknown setting "${name}"${didYouMean(name)}`)
  }
}

function didYouMean(name: string): string {
  const dashed = name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`).replaceAll('_', '-')
  return SETTINGS_BY_NAME.has(dashed)
    ? `; did you mean "${dashed}"?`
    : `; the settings are ${SETTINGS.map((spec) => spec.name).join(', ')}`
}

function secretWarnings(path: string, values: ReadonlyMap<string, SettingValue>): string[] {
  const secret = SETTINGS.some((spec) => spec.secret === true && values.has(spec.name))
  if (!secret || process.platform === 'win32') return []
  const mode = statSync(path).mode & 0o077
  return mode === 0
    ? []
    : [`${path} contains secrets that other users can read; run: chmod 600 ${path}`]
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
