import { readAwsFile } from '#node/store/s3/connect/read-aws-file'
import type { Variables } from './credential-sources.js'
import type { S3Credentials } from './s3-options.js'

/** The settings of a profile in the AWS configuration files. */
export interface AwsProfile {
  readonly region: string | undefined
  readonly endpoint: string | undefined
  readonly addressing: 'path' | 'virtual' | 'auto' | undefined
  readonly dualStack: string | undefined
  readonly fips: string | undefined
  /** Its own keys; `undefined` if it has none, or uses them to assume a role. */
  readonly keys: S3Credentials | undefined
}

type Section = Map<string, string>

/**
 * Finds the profiles of `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`; reads the files at the
 * first call.
 */
export class AwsProfiles {
  readonly #variables: Variables
  #files: { config: Map<string, Section>; credentials: Map<string, Section> } | undefined

  constructor(variables: Variables) {
    this.#variables = variables
  }

  /** Returns `undefined` if no file has such a profile. */
  find(name: string): AwsProfile | undefined {
    this.#files ??= {
      config: parse(readAwsFile(this.#variables('AWS_CONFIG_FILE'), 'config')),
      credentials: parse(
        readAwsFile(this.#variables('AWS_SHARED_CREDENTIALS_FILE'), 'credentials'),
      ),
    }
    const { config, credentials } = this.#files
    const inConfig =
      config.get(`profile ${name}`) ?? (name === 'default' ? config.get(name) : undefined)
    const inCredentials = credentials.get(name)
    if (inConfig === undefined && inCredentials === undefined) return undefined
    const setting = (key: string): string | undefined =>
      inCredentials?.get(key) ?? inConfig?.get(key)
    const services = config.get(`services ${setting('services') ?? ''}`)
    const ignored = this.#variables('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS') === 'true'
    return {
      region: setting('region'),
      endpoint: ignored ? undefined : (services?.get('s3.endpoint_url') ?? setting('endpoint_url')),
      addressing: addressingOf(setting('s3.addressing_style')),
      dualStack: setting('use_dualstack_endpoint') ?? setting('s3.use_dualstack_endpoint'),
      fips: setting('use_fips_endpoint'),
      keys: keysOf(setting),
    }
  }
}

function addressingOf(style: string | undefined): AwsProfile['addressing'] {
  return style === 'path' || style === 'virtual' || style === 'auto' ? style : undefined
}

function keysOf(setting: (key: string) => string | undefined): S3Credentials | undefined {
  const accessKeyId = setting('aws_access_key_id')
  const secretAccessKey = setting('aws_secret_access_key')
  const assumesRole =
    setting('role_arn') !== undefined &&
    (setting('source_profile') ?? setting('credential_source')) !== undefined
  if (accessKeyId === undefined || secretAccessKey === undefined || assumesRole) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: setting('aws_session_token') }
}

/**
 * Parses sections of `key = value` lines; an indented line belongs to the key before it, as in
 * `s3.endpoint_url`.
 *
 * Source: the AWS SDKs and Tools reference guide, "Format of the config and credentials files".
 */
function parse(text: string | undefined): Map<string, Section> {
  const sections = new Map<string, Section>()
  let section: Section | undefined
  let parent = ''
  for (const raw of (text ?? '').split(/\r?\n/)) {
    const line = raw.replace(/(?:^|\s)[#;].*$/, '')
    const heading = /^\s*\[([^\]]*)\]/.exec(line)?.[1]
    if (heading !== undefined) {
      const name = heading.trim().replace(/^(profile|services)\s+["']?([^"']*)["']?$/, '$1 $2')
      section = sections.get(name) ?? new Map<string, string>()
      sections.set(name, section)
      continue
    }
    const at = line.indexOf('=')
    if (at < 0 || section === undefined) continue
    const key = line.slice(0, at).trim()
    const value = line.slice(at + 1).trim()
    const isNested = /^\s/.test(line)
    if (!isNested) parent = key
    if (value !== '') section.set(isNested ? `${parent}.${key}` : key, value)
  }
  return sections
}
