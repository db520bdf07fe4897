import { readCertificates } from '#node/store/s3/connect/read-certificates'
import { type Environment, resolveEnvironment } from '../../environment/environment.js'
import {
  ENDPOINT_VARIABLES,
  PROFILE_VARIABLE,
  REGION_VARIABLES,
} from '../../environment/storage-variables.js'
import { invalidOption } from '../../../errors/error-factories.js'
import { describeUrl } from '../../../text/describe-url.js'
import { type AwsProfile, AwsProfiles } from './aws-profiles.js'
import type { CredentialSource, Variables } from './credential-sources.js'
import { resolveIdentity } from './s3-credentials.js'
import { isEndpoint, type ParsedS3Options, parseS3Options, type S3Options } from './s3-options.js'
import { type ProxyRule, proxyRule } from '../wire/proxy-rule.js'

/** The `s3`, `env` and `envFile` options that describe a connection. */
export interface S3ConnectionOptions {
  readonly s3?: S3Options | undefined
  readonly env?: Environment | undefined
  readonly envFile?: string | undefined
}

/**
 * A connection with every setting decided. It contains secrets, so it never goes into errors or
 * logs.
 */
export interface S3Connection {
  /** Without trailing slashes; `undefined` for AWS itself. */
  readonly endpoint: string | undefined
  readonly region: string
  readonly addressing: 'path' | 'virtual' | 'auto'
  readonly verifyTls: boolean
  readonly caFile: string | undefined
  /** Trusted authorities, including the usual ones; `undefined` for only those. */
  readonly ca: readonly string[] | undefined
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  /** The timeouts that the caller set; the engine gets them too. */
  readonly chosenTimeouts: { readonly connectMs?: number; readonly requestMs?: number }
  readonly maxAttempts: number
  /** Profile of the AWS configuration files, if `env` or `s3` names one. */
  readonly profile: string | undefined
  readonly credentials: CredentialSource
  /** Headers of every stored object, in lower case. */
  readonly encryption: Readonly<Record<string, string>>
  readonly requesterPays: boolean
  readonly checksum: 'auto' | 'md5'
  /** The option alone; `proxyFor` decides. */
  readonly proxy: string | false | undefined
  readonly proxyFor: ProxyRule
  /** Addresses of AWS that have IPv6, and those with certified cryptography. */
  readonly dualStack: boolean
  readonly fips: boolean
  /** The `env` and `envFile` options. */
  readonly explicit: Environment
  /** Looks up a variable in these options, then in the process. */
  readonly variables: Variables
}

const CONNECT_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 15_000
const FALLBACK_REGION = 'us-east-1'

/**
 * Decides every setting once, in this order: `env` and `envFile`, `s3`, the profile these name,
 * variables of the process, the profile the process names.
 *
 * Errors: SHARD_INVALID_OPTION. Source: wire-format §12.1.
 */
export function resolveS3Connection(options: S3ConnectionOptions, where: string): S3Connection {
  const o = parseS3Options(options.s3, where)
  const explicit = resolveEnvironment(options, where) ?? {}
  const given = variablesOf(explicit)
  const ambient = variablesOf(processVariables())
  const either: Variables = (name) => given(name) ?? ambient(name)
  const { credentials, profile } = resolveIdentity(o, given, ambient, where)
  const profiles = new AwsProfiles(either)
  const chosen = profile === undefined ? undefined : namedProfile(profiles, profile, where)
  const ambientProfile = profiles.find(ambient(PROFILE_VARIABLE) ?? 'default')
  const setting = (names: readonly string[], name: 'endpoint' | 'region'): string | undefined =>
    firstOf(names, given) ??
    o[name] ??
    chosen?.[name] ??
    firstOf(names, ambient) ??
    ambientProfile?.[name]
  const flag = (variable: string, name: 'dualStack' | 'fips'): boolean =>
    (given(variable) ?? chosen?.[name] ?? ambient(variable) ?? ambientProfile?.[name]) === 'true'
  const endpoint = setting(ENDPOINT_VARIABLES, 'endpoint')
  const region = setting(REGION_VARIABLES, 'region') ?? FALLBACK_REGION
  return {
    endpoint: endpoint === undefined ? undefined : checkEndpoint(endpoint, where),
    region: endpoint === undefined ? checkAwsRegion(region, where) : region,
    dualStack: flag('AWS_USE_DUALSTACK_ENDPOINT', 'dualStack'),
    fips: flag('AWS_USE_FIPS_ENDPOINT', 'fips'),
    addressing:
      addressingIn(given) ??
      o.addressing ??
      chosen?.addressing ??
      addressingIn(ambient) ??
      ambientProfile?.addressing ??
      'auto',
    encryption: encryptionHeaders(o),
    requesterPays: o.requesterPays,
    checksum: o.checksum,
    proxy: o.proxy,
    proxyFor: proxyRule(o.proxy, given, ambient, where),
    verifyTls: o.verifyTls,
    caFile: o.caFile,
    ca: o.caFile === undefined ? undefined : readCertificates(o.caFile, where),
    connectTimeoutMs: o.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    requestTimeoutMs: o.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    chosenTimeouts: {
      ...(o.connectTimeoutMs !== undefined && { connectMs: o.connectTimeoutMs }),
      ...(o.requestTimeoutMs !== undefined && { requestMs: o.requestTimeoutMs }),
    },
    maxAttempts: o.maxAttempts,
    profile,
    credentials,
    explicit,
    variables: either,
  }
}

function processVariables(): Environment {
  // Browsers have no process.
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {}
}

function encryptionHeaders(o: ParsedS3Options): Record<string, string> {
  const { kmsKeyId, serverSideEncryption } = o
  const name = 'x-amz-server-side-encryption'
  return {
    ...(serverSideEncryption !== undefined && { [name]: serverSideEncryption }),
    ...(kmsKeyId !== undefined && { [`${name}-aws-kms-key-id`]: kmsKeyId }),
  }
}

/** A region becomes part of the host name on AWS. */
function checkAwsRegion(region: string, where: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i.test(region)) return region
  throw invalidOption(
    where,
    `the region of AWS must be a name such as "eu-central-1", got ${JSON.stringify(region)}; set s3.region`,
  )
}

function variablesOf(env: Environment): Variables {
  return (name) => env[name]?.trim() || undefined
}

function namedProfile(profiles: AwsProfiles, name: string, where: string): AwsProfile {
  const found = profiles.find(name)
  if (found !== undefined) return found
  throw invalidOption(
    where,
    `the profile ${JSON.stringify(name)} must be in the AWS configuration files, found none; check its name, ` +
      'AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE',
  )
}

function firstOf(names: readonly string[], get: Variables): string | undefined {
  for (const name of names) {
    const value = get(name)
    if (value !== undefined) return value
  }
  return undefined
}

function addressingIn(get: Variables): 'path' | 'virtual' | undefined {
  const value = get('AWS_VIRTUAL_HOSTED_STYLE_REQUEST')?.toLowerCase()
  if (value === undefined) return undefined
  return ['1', 'true', 'on', 'yes', 'y'].includes(value) ? 'virtual' : 'path'
}

function checkEndpoint(endpoint: string, where: string): string {
  const trimmed = endpoint.replace(/\/+$/, '')
  if (isEndpoint(trimmed)) return trimmed
  throw invalidOption(
    where,
    `the S3 endpoint must be http(s)://host[:port], without user, query and fragment, got ${describeUrl(endpoint)}`,
  )
}
