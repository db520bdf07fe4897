// Renders the page. Values of the snapshot are inserted as text, never as HTML.
import type { SnapshotInfo } from '@shardyfusion/core'

export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${kind.name} "${id}"`)
}

export function say(text: string, kind = ''): void {
  const status = element('status', HTMLElement)
  status.textContent = text
  status.className = kind
}

/** The number in a form field; `undefined` if the field is empty. */
export function numberIn(form: HTMLFormElement, name: string): number | undefined {
  const text = new FormData(form).get(name)
  return typeof text !== 'string' || text === '' ? undefined : Number(text)
}

export function showFacts({ runId, publishedAt, rowCount, shards }: SnapshotInfo): void {
  const facts = {
    Rows: rowCount.toLocaleString('en-US'),
    Shards: String(shards),
    Published: new Date(publishedAt).toLocaleString(),
    Run: runId.slice(0, 8),
  }
  element('snapshot', HTMLElement).replaceChildren(
    ...Object.entries(facts).map(([name, value]) => {
      const group = document.createElement('div')
      group.append(withText('dt', name), withText('dd', value))
      return group
    }),
  )
}

/** Replaces the rows of a table. Shows a message if there are none. */
export function showRows(table: string, rows: readonly (readonly string[])[], none: string): void {
  bodyOf(table).replaceChildren()
  for (const row of rows) addRow(table, row)
  if (rows.length > 0) return
  const cell = bodyOf(table).insertRow().insertCell()
  cell.colSpan = columnsOf(table).length
  cell.className = 'none'
  cell.textContent = none
}

/** Adds a row at the top. */
export function addRow(table: string, texts: readonly string[]): void {
  const atTop = table === 'cost' ? 0 : -1
  const row = bodyOf(table).insertRow(atTop)
  for (const [i, text] of texts.entries()) {
    const cell = withText('td', text)
    cell.className = columnsOf(table)[i]?.className ?? ''
    row.append(cell)
  }
}

function withText(tag: 'dt' | 'dd' | 'td', text: string): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = text
  return made
}

function bodyOf(table: string): HTMLTableSectionElement {
  return element(table, HTMLTableElement).tBodies[0]!
}

function columnsOf(table: string): HTMLTableCellElement[] {
  return [...element(table, HTMLTableElement).tHead!.rows[0]!.cells]
}
