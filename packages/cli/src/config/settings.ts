import { UsageError } from '../util/usage-error.js'
import { parseSetting, type SettingValue } from './parse-setting.js'
import { readConfigFile } from './read-config-file.js'
import { SETTINGS, SETTINGS_BY_NAME, type SettingSpec } from './setting-list.js'

/** The value of a setting, and its source. */
export interface ResolvedSetting {
  readonly spec: SettingSpec
  readonly value: SettingValue
  /** `--prefix`, `SHARDY_PREFIX`, or the path of a file. */
  readonly source: string
  readonly from: 'flag' | 'environment' | 'file'
}

export interface Settings {
  readonly file: string | undefined
  readonly warnings: readonly string[]
  readonly all: ReadonlyMap<string, ResolvedSetting>
  text(name: string): string | undefined
  integer(name: string): number | undefined
}

/** Settings from the command line. */
export interface SettingFlags {
  readonly config?: string | undefined
  readonly profile?: string | undefined
  /** Unparsed text by the name of the setting. */
  readonly values: ReadonlyMap<string, string>
  /** Each `--s3 name=value`. */
  readonly s3: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Resolves every setting: flags override the environment, which overrides the file.
 *
 * Errors: UsageError that names the flag, variable or file.
 */
export async function resolveSettings(flags: SettingFlags, env: Environment): Promise<Settings> {
  const given = new Map([...flags.values, ...flags.s3.map(parseS3Flag)])
  const file = await readConfigFile(
    flags.config ?? (env['SHARDY_CONFIG'] || undefined),
    flags.profile ?? (env['SHARDY_PROFILE'] || undefined),
    env,
  )
  const all = new Map<string, ResolvedSetting>()
  for (const spec of SETTINGS) {
    const found = fromFlag(spec, given) ?? fromEnvironment(spec, env)
    const inFile = file?.values.get(spec.name)
    if (found !== undefined) all.set(spec.name, found)
    else if (inFile !== undefined)
      all.set(spec.name, { spec, value: inFile, source: file!.path, from: 'file' })
  }
  return {
    file: file?.path,
    warnings: file?.warnings ?? [],
    all,
    text: (name) => all.get(name)?.value as string | undefined,
    integer: (name) => all.get(name)?.value as number | undefined,
  }
}

function fromFlag(
  spec: SettingSpec,
  given: ReadonlyMap<string, string>,
): ResolvedSetting | undefined {
  const text = given.get(spec.name)
  if (text === undefined) return undefined
  const source = spec.name.startsWith('s3.') ? '--s3' : `--${spec.name}`
  return { spec, value: parseSetting(spec, text, source, process.cwd()), source, from: 'flag' }
}

function fromEnvironment(spec: SettingSpec, env: Environment): ResolvedSetting | undefined {
  // An empty variable counts as not set, as usual in shells.
  const source = spec.env.find((name) => env[name] !== undefined && env[name] !== '')
  if (source === undefined) return undefined
  const value = parseSetting(spec, env[source], source, process.cwd())
  return { spec, value, source, from: 'environment' }
}

function parseS3Flag(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  const name = `s3.${text.slice(0, at)}`
  if (at > 0 && SETTINGS_BY_NAME.has(name)) return [name, text.slice(at + 1)]
  const known = SETTINGS.filter((spec) => spec.name.startsWith('s3.')).map((s) => s.name.slice(3))
  // The value may be a secret, so the message contains only the name.
  throw new UsageError(
    `--s3 must be name=value with one of ${known.join(', ')}, got "${at < 0 ? text : text.slice(0, at)}"`,
  )
}
