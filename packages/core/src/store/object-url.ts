import type { ShardyfusionError } from '../errors.js'
import { storeError } from '../errors/error-factories.js'
import { describeUrl } from '../text/describe-url.js'
import { withoutTrailingSlashes } from './urls.js'

/**
 * Checks the URL of one object: it has this scheme and contains nothing that could name a second
 * object.
 */
export function checkObjectUrl(url: string, scheme: string, where: string): string {
  return check(url, scheme, where, scheme === 'file' ? 1 : 2)
}

/** Checks a URL that objects are stored below, and drops its trailing slashes. */
export function checkPrefixUrl(url: string, scheme: string, where: string): string {
  return check(withoutTrailingSlashes(url), scheme, where, 1)
}

/** Returns true if the URL names one object of this scheme. */
export function isObjectUrl(url: string, scheme: string): boolean {
  return urlProblem(url, scheme, scheme === 'file' ? 1 : 2) === undefined
}

function check(url: string, scheme: string, where: string, minSegments: number): string {
  const problem = urlProblem(url, scheme, minSegments)
  if (problem !== undefined) throw badUrl(where, url, problem)
  return url
}

function urlProblem(url: string, scheme: string, minSegments: number): string | undefined {
  const start = scheme === 'file' ? 'file:///' : `${scheme}://`
  if (!url.startsWith(start)) return `this store serves ${start}… URLs`
  if (/[?#\x00-\x1f\x7f]|\p{Surrogate}/u.test(url)) {
    return '"?", "#", control characters and lone surrogates are not allowed'
  }
  const segments = url.slice(start.length).split('/')
  if (segments.length < minSegments || segments.some((s) => s === '' || s === '.' || s === '..')) {
    return `expected ${start} and ${minSegments} or more segments, none empty, "." or ".."`
  }
  return undefined
}

export function badUrl(where: string, url: string, problem: string): ShardyfusionError {
  return storeError(where, `cannot use the URL ${describeUrl(url)}; ${problem}`)
}
