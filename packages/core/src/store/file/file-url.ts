const ESCAPED_DOTS = /^(?:\.|%2e){1,2}$/i

/**
 * Returns true for the segments a URL parser removes: the empty one, `.` and `..`, including
 * percent-encoded dots.
 */
export function isDotOrEmpty(segment: string): boolean {
  return segment === '' || ESCAPED_DOTS.test(segment)
}

/**
 * Returns why a `file:///` URL would not name the file it seems to, or `undefined` if it does.
 *
 * A WHATWG URL parser repairs its input (drops trailing blanks, turns `\` into `/`, resolves
 * `%2e%2e`). Two URLs would then name one object, so anything it would repair is refused. Source:
 * WHATWG URL, path state and file host state.
 */
export function fileUrlProblem(url: string): string | undefined {
  if (url.includes('\\')) return 'a backslash is not a separator in a URL; write "/"'
  const segments = url.slice('file:///'.length).split('/')
  if (/^[a-z]\|$/i.test(segments[0] ?? '')) return 'write the drive as "C:", not "C|"'
  for (const segment of segments) {
    if (ESCAPED_DOTS.test(segment)) return 'segments "." and ".." are not allowed'
    if (segment.endsWith(' ')) return 'write a blank at the end of a segment as "%20"'
    const decoded = decodeSegment(segment)
    if (decoded === undefined)
      return 'a "%" must begin an escape of UTF-8 bytes; write the character itself as "%25"'
    if (decoded.includes('/') || decoded.includes('\0'))
      return '"%2F" and "%00" cannot stand in a file name'
  }
  return undefined
}

/** Returns a file name as a URL segment, with the fewest escapes that decode to the same name. */
export function fileNameToSegment(name: string): string {
  return name.replace(/[%?#\\\x00-\x1f\x7f]| $/g, encodeURIComponent)
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
