export interface Bar {
  readonly name: string
  readonly value: number
  /** Whether the bar is ours, which has another color. */
  readonly isOurs: boolean
}

export interface BarChart {
  readonly title: string
  /** The unit of the numbers, and whether more or less is better. */
  readonly caption: string
  readonly bars: readonly Bar[]
}

const WIDTH = 720
const LEAST_NAMES = 220
/** Widest average of a letter. */
const LETTER = 7.4
const NUMBERS = 90
const TOP = 56
const ROW = 28
const BAR = 16

// Readable on light and dark pages; the background is transparent.
const STYLE = `
  text { font: 14px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 16px }
  .caption { fill: #59636e; font-size: 13px }
  .other { fill: #afb8c1 }
  .ours { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .caption { fill: #9198a1 }
    .other { fill: #57606a }
    .ours { fill: #4493f8 }
  }`

/** A horizontal bar chart that adapts to the color scheme of the page. */
export function barChart({ title, caption, bars }: BarChart): string {
  const height = TOP + bars.length * ROW + 8
  const most = Math.max(...bars.map(({ value }) => value))
  const letters = Math.max(...bars.map(({ name }) => name.length))
  const names = Math.max(LEAST_NAMES, Math.ceil(LETTER * letters) + 10)
  const rows = bars.map(({ name, value, isOurs }, i) => {
    const y = TOP + i * ROW
    const middle = y + BAR / 2 + 5
    const length = Math.max(1, (value / most) * (WIDTH - names - NUMBERS))
    return [
      `  <text x="${names - 10}" y="${middle}" text-anchor="end">${escaped(name)}</text>`,
      `  <rect class="${isOurs ? 'ours' : 'other'}" x="${names}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `  <text x="${(names + length + 8).toFixed(1)}" y="${middle}">${value}</text>`,
    ].join('\n')
  })
  const label = `${title}: ${bars.map(({ name, value }) => `${name} ${value}`).join(', ')}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(label)}">
  <style>${STYLE}
  </style>
  <text class="title" x="0" y="18">${escaped(title)}</text>
  <text class="caption" x="0" y="38">${escaped(caption)}</text>
${rows.join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
