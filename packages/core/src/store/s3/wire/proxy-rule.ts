import { invalidOption } from '../../../errors/error-factories.js'
import type { Variables } from '../connect/credential-sources.js'

/** A proxy. Its URL may contain a password, which no message may repeat. */
export interface ProxyAddress {
  readonly url: URL
  /** The setting that names it, such as `HTTPS_PROXY`. */
  readonly from: string
}

/** Returns the proxy for requests to a server; `undefined` for a direct connection. */
export type ProxyRule = (origin: URL) => ProxyAddress | undefined

/**
 * Decides about proxies as curl does: `env` and `envFile`, then `s3.proxy`, then variables of the
 * process. `NO_PROXY` limits variables, never the option.
 *
 * The variables never apply to this machine: a proxy elsewhere cannot reach it. Errors:
 * SHARD_INVALID_OPTION.
 */
export function proxyRule(
  option: string | false | undefined,
  given: Variables,
  ambient: Variables,
  where: string,
): ProxyRule {
  const explicit = variableRule(given, where)
  const last =
    option === undefined
      ? variableRule(ambient, where)
      : fixedRule(option === false ? undefined : parseProxy(option, 's3.proxy', where))
  return (origin) => (explicit.names(origin) ? explicit.proxy(origin) : last.proxy(origin))
}

interface Rule {
  /** True if this source has a setting for such servers. */
  names(origin: URL): boolean
  proxy: ProxyRule
}

function fixedRule(proxy: ProxyAddress | undefined): Rule {
  return { names: () => true, proxy: () => proxy }
}

function variableRule(get: Variables, where: string): Rule {
  const first = (names: readonly string[]): ProxyAddress | undefined => {
    for (const name of names) {
      const value = get(name)
      if (value !== undefined) return parseProxy(value, name, where)
    }
    return undefined
  }
  // The upper-case name can come from a request's header where a web server runs this as CGI.
  const isCgi = get('REQUEST_METHOD') !== undefined
  const byScheme: Readonly<Record<string, ProxyAddress | undefined>> = {
    'http:': first(['http_proxy', ...(isCgi ? [] : ['HTTP_PROXY']), 'all_proxy', 'ALL_PROXY']),
    'https:': first(['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']),
  }
  const exceptions = (get('no_proxy') ?? get('NO_PROXY') ?? '').toLowerCase().split(/[\s,]+/)
  return {
    names: ({ protocol }) => byScheme[protocol] !== undefined || exceptions.some((e) => e !== ''),
    proxy: (origin) =>
      isThisMachine(origin.hostname) || exceptions.some((name) => covers(name, origin))
        ? undefined
        : byScheme[origin.protocol],
  }
}

function parseProxy(text: string, from: string, where: string): ProxyAddress {
  // curl accepts a host without a scheme.
  const whole = text.includes('://') ? text : `http://${text}`
  if (/^https?:\/\/[^/?#]+\/?$/i.test(whole) && URL.canParse(whole)) {
    return { url: new URL(whole), from }
  }
  throw invalidOption(
    where,
    `${from} must be the URL of an HTTP proxy, http(s)://[user:password@]host[:port], got something else; correct it` +
      (from === 's3.proxy' ? '' : ', or set s3.proxy to false'),
  )
}

function isThisMachine(hostname: string): boolean {
  return /^(?:(?:.*\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}

/** Returns true if an entry of `NO_PROXY` covers a server: `*`, a domain with its subdomains, with or without a port. */
function covers(entry: string, { hostname, port, protocol }: URL): boolean {
  if (entry === '*') return true
  const [, name = '', onlyPort] = /^\*?\.?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? []
  if (name === '') return false
  if (onlyPort !== undefined && onlyPort !== (port || (protocol === 'https:' ? '443' : '80'))) {
    return false
  }
  return hostname === name || hostname.endsWith(`.${name}`)
}
