/** The start and end codes of each style (ECMA-48 SGR). */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const

export type Style = keyof typeof STYLES

/** Adds a style to text, or returns it unchanged if colors are off. `wantsColor` decides, not Node's check of stdout. */
export type Paint = (style: Style, text: string) => string

export function paintFor(enabled: boolean): Paint {
  if (!enabled) return (_, text) => text
  return (style, text) => `\u001B[${STYLES[style][0]}m${text}\u001B[${STYLES[style][1]}m`
}

/**
 * Whether to use colors on a stream.
 *
 * Source: https://no-color.org (any value that is not empty), and FORCE_COLOR as in Node.
 */
export function wantsColor(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean {
  if (flag !== undefined) return flag
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true
  return isTerminal && env['TERM'] !== 'dumb'
}
