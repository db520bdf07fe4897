import type { ShardyfusionError } from '../errors.js'
import { invalidOption } from '../errors/error-factories.js'
import { describeValue } from '../options/describe-value.js'
import { describeUrl } from '../text/describe-url.js'
import { fileUrlProblem, isDotOrEmpty } from './file/file-url.js'
import { attemptFolder, runFolder } from '../snapshot/layout.js'

// Never `new URL()` on these strings: it percent-encodes keys, and the peer does not (wire-format
// §17.6).

const CONTROL = /[\x00-\x1f\x7f]|\p{Surrogate}/u
/** Segments that every parser reads the same way: they do not begin with a dot. */
const PLAIN_PATH = /^[\w=-][\w=.-]*(?:\/[\w=-][\w=.-]*){0,32}$/
const ESCAPE = /%[0-9a-f]{2}/i
const ESCAPE_PROBLEM =
  '"%" followed by two hexadecimal digits is not allowed for writing: the native engine and the Python ' +
  'project decode it, and would look for shards elsewhere'
const PREFIX_FORMS = 's3://bucket/path, file:///absolute/path or memory://name'

/**
 * Joins with single slashes: no trailing `/` on the base, none around a part, empty parts dropped.
 *
 * `//` inside a part stays. Source: wire-format §1.4.
 */
export function joinUrl(base: string, ...parts: string[]): string {
  const inner = parts.map((part) => part.replace(/^\/+|\/+$/g, '')).filter((part) => part !== '')
  return [withoutTrailingSlashes(base), ...inner].join('/')
}

export function withoutTrailingSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end--
  return url.slice(0, end)
}

/**
 * Returns bucket and key of an `s3://` URL, without encoding or decoding.
 *
 * Shape: the key has no leading slashes; a trailing slash stays. Errors: SHARD_INVALID_OPTION.
 * Source: wire-format §1.6, the strict grammar; the peer also accepts `S3://` and leading blanks,
 * and cuts at `?` and `#`.
 */
export function parseS3Url(url: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/?#]+)\/+([^/?#][^?#]*)$/.exec(url)
  const [, bucket, key] = match ?? []
  if (bucket === undefined || key === undefined || CONTROL.test(url)) {
    throw invalidOption(
      'parseS3Url',
      `expected s3://bucket/key without "?", "#" and control characters, got ${describeUrl(url)}`,
      { peer: 'ValueError' },
    )
  }
  return { bucket, key }
}

/** Returns the text before `://`, unchanged; `undefined` if there is none. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]
}

/** Returns the text after the last `/`, ignoring trailing slashes. */
export function lastSegment(url: string): string {
  const trimmed = withoutTrailingSlashes(url)
  return trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

/**
 * Returns true if `url` is under `prefix/` by whole segments.
 *
 * It is safe on URLs from a foreign manifest. Anything that a URL parser could resolve to a parent
 * directory is not below: `..`, `%2e%2e`, `\`, a tab or blank next to the dots, an escaped slash.
 * Neither is an empty segment.
 */
export function isBelow(url: string, prefix: string): boolean {
  const root = `${withoutTrailingSlashes(prefix)}/`
  if (!url.startsWith(root)) return false
  const rest = url.slice(root.length)
  // The usual case, and one test for each shard of a manifest.
  if (PLAIN_PATH.test(rest)) return true
  // Trimmed, because the parser of file URLs drops blanks at the end before it looks at the dots.
  const climbs = rest.split('/').some((segment) => isDotOrEmpty(segment.trim()))
  return !climbs && !/[?#\\]|%2f|%5c/i.test(rest) && !CONTROL.test(rest)
}

export interface PrefixUse {
  /** The option the prefix comes from; `prefix` by default. */
  readonly option?: string
  /** Also accepts `http(s)://` prefixes, which are read-only. */
  readonly reading?: boolean
  /**
   * Nothing new is written below the prefix: existing objects stay usable, whatever their names.
   */
  readonly existing?: boolean
}

/**
 * Checks the prefix of a snapshot (or of a single shard) and returns its canonical form, without
 * trailing slashes.
 *
 * `file:/path` (RFC 8089) becomes `file:///path`. A prefix for writing must not contain `%`
 * followed by two hexadecimal digits, unless it is a file URL: engines differ in whether they
 * decode it. Errors: SHARD_INVALID_OPTION, with the correct form in the message. Source:
 * wire-format §1.6, engine-notes §1.6; only this SDK knows `file:///` and `memory://`.
 */
export function validatePrefix(
  given: string,
  where: string,
  { option = 'prefix', reading = false, existing = reading }: PrefixUse = {},
): string {
  const prefix = typeof given === 'string' ? withFileAuthority(given) : given
  const forms = reading ? `https://host/path, ${PREFIX_FORMS}` : PREFIX_FORMS
  const reject = (problem: string): ShardyfusionError =>
    invalidOption(
      where,
      `${option} must be ${forms}, got ${typeof prefix === 'string' ? describeUrl(prefix) : describeValue(prefix)}; ${problem}`,
    )

  if (typeof prefix !== 'string') throw reject('pass a string')
  const scheme = schemeOf(prefix)
  if (scheme === undefined) throw reject(adviseOnPath(prefix))
  const isHttp = scheme === 'http' || scheme === 'https'
  if (isHttp && !reading)
    throw reject(`${scheme}:// can only be read; write to one of these and serve it`)
  if (!isHttp && scheme !== 's3' && scheme !== 'file' && scheme !== 'memory')
    throw reject(adviseOnScheme(scheme))
  if (/[?#]/.test(prefix)) throw reject('"?" and "#" are not allowed in it')
  if (CONTROL.test(prefix))
    throw reject('control characters and lone surrogates are not allowed in it')

  const [authority = '', ...path] = withoutTrailingSlashes(prefix.slice(scheme.length + 3)).split(
    '/',
  )
  if (scheme === 'file' && authority !== '')
    throw reject(
      'a file URL begins with three slashes and an absolute path: file:///…, or pathToFileURL(path).href',
    )
  if (scheme === 's3' && authority === '') throw reject('name the bucket: s3://bucket/path')
  if (isHttp && authority === '') throw reject(`name the host: ${scheme}://host/path`)
  if ((scheme === 's3' || isHttp) && holdsUserInfo(authority))
    throw reject('keep credentials out of it: it is written into manifests')
  if (scheme === 'memory' && isDotOrEmpty(authority)) throw reject('name the store: memory://name')
  if (scheme !== 'memory' && !isHttp && path.length === 0)
    throw reject('add a path; the root itself cannot hold a snapshot')
  if (path.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw reject('segments "", "." and ".." are not allowed in it')
  }
  if (!existing && scheme !== 'file' && ESCAPE.test(prefix)) throw reject(ESCAPE_PROBLEM)
  const canonical = withoutTrailingSlashes(prefix)
  const problem = scheme === 'file' ? fileUrlProblem(canonical) : undefined
  if (problem !== undefined) throw reject(problem)
  return canonical
}

/**
 * Returns true for `user:password@host`, even if a `/` in the password cuts it off: no bucket and
 * no port looks like that.
 */
function holdsUserInfo(authority: string): boolean {
  return authority.includes('@') || /^[^[:]+:(?!\d*$)/.test(authority)
}

/**
 * Returns `file:/path` as `file:///path`, anything else unchanged. Source: RFC 8089, appendix B.
 */
export function withFileAuthority(url: string): string {
  return url.replace(/^file:\/(?!\/)/, 'file:///')
}

function adviseOnPath(prefix: string): string {
  if (prefix.startsWith('file:')) return 'a file URL begins with three slashes: file:///…'
  const [, scheme, rest = ''] = /^(s3|memory|https?):[/\\]?(.*)$/i.exec(prefix) ?? []
  if (scheme !== undefined) {
    const meant = `${scheme.toLowerCase()}://${rest.replaceAll('\\', '/')}`
    return `write two slashes: ${describeUrl(meant)} (path.join and pathlib drop one)`
  }
  return 'for a directory write file:///… or pathToFileURL(path).href'
}

function adviseOnScheme(scheme: string): string {
  const lower = scheme.toLowerCase()
  return ['s3', 'file', 'memory', 'http', 'https'].includes(lower)
    ? `write the scheme in lower case: ${lower}://`
    : `${scheme}:// is not supported`
}

/**
 * Checks `shardPrefix` and `runRegistryPrefix`: one segment of `A-Z a-z 0-9 . _ -`, without `..`.
 *
 * A single `.`, which the peer accepts, is refused: it vanishes in file URLs, and readers refuse
 * URLs with it. Source: wire-format §1.2.
 */
export function validateSegment(value: string, where: string): string {
  if (
    typeof value !== 'string' ||
    !/^[A-Za-z0-9._-]+$/.test(value) ||
    value.includes('..') ||
    value === '.'
  ) {
    throw invalidOption(
      where,
      `must be one path segment of letters, digits, ".", "_" and "-", without "..", got ${describeValue(value)}`,
    )
  }
  return value
}

/**
 * Checks a run id: one path segment, because it is recovered from URLs as `run_id=([^/]+)`.
 *
 * Source: wire-format §1.2. Also refuses `%`, `\` and blanks at either end, which file URLs would
 * read differently.
 */
export function validateRunId(runId: string, where: string): string {
  const wrong =
    typeof runId !== 'string' ||
    /[/?#%\\]|^ | $/.test(runId) ||
    CONTROL.test(runId) ||
    isDotOrEmpty(runId)
  if (wrong) {
    throw invalidOption(
      where,
      `must be one path segment without "/", "?", "#", "%" (engines differ in decoding it), "\\", control characters and blanks at the ends, got ${describeValue(runId)}`,
    )
  }
  return runId
}

export interface ShardUrlParts {
  readonly prefix: string
  readonly shardPrefix: string
  readonly runId: string
  readonly dbPathTemplate: string
  readonly dbId: number
  readonly attempt: number
}

/**
 * Returns the root of one attempt at one shard, without a trailing slash: the `db_url` of manifests
 * (wire-format §1.4).
 */
export function shardUrl(parts: ShardUrlParts): string {
  return joinUrl(
    parts.prefix,
    parts.shardPrefix,
    runFolder(parts.runId),
    formatDbPath(parts.dbPathTemplate, parts.dbId),
    attemptFolder(parts.attempt),
  )
}

// At most two digits of width: a manifest is untrusted, and the width determines how much memory is
// filled.
const TEMPLATE_PARTS = /\{\{|\}\}|\{db_id(?::d|:0([1-9]\d?)d)?\}/g

/**
 * Checks a template for shard directories, such as `db={db_id:05d}`. Errors: SHARD_INVALID_OPTION.
 */
export function validateDbPathTemplate(template: string, where: string): string {
  const expected =
    'must contain {db_id}, {db_id:d} or {db_id:05d} (one or two digits of width), braces otherwise doubled'
  if (typeof template !== 'string')
    throw invalidOption(where, `${expected}, got ${describeValue(template)}`)
  const literals = template.replace(TEMPLATE_PARTS, '')
  const fields = [...template.matchAll(TEMPLATE_PARTS)].filter(([part]) => part.length > 2)
  if (/[{}]/.test(literals) || fields.length === 0)
    throw invalidOption(where, `${expected}, got ${describeValue(template)}`)
  const segments = template.split('/')
  if (
    /[?#%\\]/.test(literals) ||
    CONTROL.test(literals) ||
    segments.some((s) => isDotOrEmpty(s) || s.endsWith(' '))
  ) {
    throw invalidOption(
      where,
      `must be path segments without "?", "#", "%" (engines differ in decoding it), "\\" and control characters, none empty, "." or "..", or with a blank at the end, got ${describeValue(template)}`,
    )
  }
  return template
}

/**
 * Returns the shard directory of `dbId`. Ids longer than the width are not cut.
 *
 * Source: wire-format §1.2, the useful subset of Python's `str.format`.
 */
export function formatDbPath(template: string, dbId: number): string {
  validateDbPathTemplate(template, 'dbPathTemplate')
  return template.replace(TEMPLATE_PARTS, (part, width: string | undefined) => {
    if (part === '{{' || part === '}}') return part.slice(1)
    return String(dbId).padStart(Number(width ?? 0), '0')
  })
}
