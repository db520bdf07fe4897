import { DOCUMENTED } from './cells.mjs'

const START = '<!-- consumers: npm run readme writes this table from scripts/consumers -->\n'
const END = '<!-- /consumers -->'

/** Replaces the table between the marks by that of the cells. @param {string} markdown */
export function withConsumerTable(markdown) {
  const start = markdown.indexOf(START)
  const end = markdown.indexOf(END)
  if (start < 0 || end < start) return markdown
  return `${markdown.slice(0, start + START.length)}\n${consumerTable()}\n${markdown.slice(end)}`
}

/** One row for each consumer; cells of the same consumer share a row. */
function consumerTable() {
  /** @type {Map<string, { runs: string, notes: string }>} */
  const rows = new Map()
  for (const { consumer, notes = '', unsupported } of DOCUMENTED) {
    const runs = unsupported === undefined ? 'yes' : 'no'
    rows.set(consumer, { runs, notes: unsupported?.reason ?? notes })
  }
  const lines = [...rows].map(
    ([consumer, { runs, notes }]) => `| ${consumer} | ${runs} | ${notes} |`,
  )
  return ['| consumer | runs | notes |', '|---|---|---|', ...lines, ''].join('\n')
}
