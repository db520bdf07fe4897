import type { S3Connection } from '../connect/s3-connection.js'

/** The URL of a bucket, in parts. */
export interface BucketAddress {
  /** Scheme, host and port. */
  readonly origin: URL
  /** Precedes the `/` of a key: the path of the endpoint and, in path style, the bucket. */
  readonly path: string
}

/** Domains of the parts of AWS, by the beginning of their regions' names; `amazonaws.com` otherwise. */
const DOMAINS: readonly (readonly [region: string, domain: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
]

/** Returns where requests on a bucket go. */
export function bucketAddress(
  { addressing, endpoint, region, dualStack, fips }: S3Connection,
  bucket: string,
): BucketAddress {
  const base = new URL(endpoint ?? awsEndpoint(region, { dualStack, fips }))
  const path = base.pathname.replace(/\/+$/, '')
  const inHost = addressing === 'virtual' || (addressing === 'auto' && endpoint === undefined)
  if (inHost && canBeHost(bucket, base)) {
    const { protocol, host } = base
    return { origin: new URL(`${protocol}//${bucket}.${host}`), path }
  }
  return { origin: new URL(base.origin), path: `${path}/${encodePart(bucket)}` }
}

function awsEndpoint(region: string, o: { dualStack: boolean; fips: boolean }): string {
  const [, domain = 'amazonaws.com'] = DOMAINS.find(([start]) => region.startsWith(start)) ?? []
  return `https://s3${o.fips ? '-fips' : ''}${o.dualStack ? '.dualstack' : ''}.${region}.${domain}`
}

/** Addresses have no subdomains, and no certificate covers a bucket with dots. */
function canBeHost(bucket: string, { hostname, protocol }: URL): boolean {
  if (/^(?:\d+(?:\.\d+){3}|\[.*\])$/.test(hostname)) return false
  const names = protocol === 'https:' ? [bucket] : bucket.split('.')
  return names.every((name) => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name))
}

/** Percent-encodes a key for a path; the slashes stay. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodePart).join('/')
}

/** Returns a query in the order of a signature; leaves out entries that are `undefined`. */
export function encodeQuery(query: Readonly<Record<string, string | undefined>>): string {
  const encoded = new Map<string, string>()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) encoded.set(encodePart(name), encodePart(value))
  }
  const names = [...encoded.keys()].sort()
  return names.map((name) => `${name}=${encoded.get(name)}`).join('&')
}

/** Percent-encodes everything but the unreserved characters of RFC 3986, as signatures need it. */
function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
