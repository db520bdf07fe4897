// Renders the playground. Values of the snapshot are inserted as text, never as HTML.
import type { RecordedRequest } from './recorded-fetch.js'

/** Run ids and other random names, of which the beginning is enough. */
const RUN_ID = /([0-9a-f]{8})[0-9a-f]{24}/g

/** The element of an id; an error if it is missing or of another kind. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${kind.name} "${id}"`)
}

/** The number in a field of a form. */
export function numberIn(form: HTMLFormElement, name: string): number {
  return Number(new FormData(form).get(name))
}

export function say(text: string, isProblem = false): void {
  const status = element('playground-status', HTMLElement)
  status.textContent = text
  status.classList.toggle('playground-problem', isProblem)
}

/** Replaces the head and the rows of the table of answers. */
export function showAnswer(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = element('playground-answer', HTMLTableElement)
  table.tHead!.replaceChildren(rowOf('th', head))
  const shown = rows.length > 0 ? rows : [['No such city.']]
  table.tBodies[0]!.replaceChildren(...shown.map((texts) => rowOf('td', texts)))
}

/** Adds an operation with its requests at the top of the log. */
export function showRequests(
  operation: string,
  milliseconds: number,
  requests: readonly RecordedRequest[],
): void {
  const bytes = requests.reduce((sum, request) => sum + request.bytes, 0)
  const count = `${requests.length} request${requests.length === 1 ? '' : 's'}`
  const total = rowOf('td', [operation, count, bytes.toLocaleString('en-US'), inMs(milliseconds)])
  total.className = 'playground-total'
  const rows = requests.map(({ method, path, range, status, bytes: size, milliseconds: time }) =>
    rowOf('td', [
      `${method} ${path.replaceAll(RUN_ID, '$1…')}`,
      range === undefined ? String(status) : `${status}, bytes ${range}`,
      size.toLocaleString('en-US'),
      inMs(time),
    ]),
  )
  element('playground-requests', HTMLTableElement).tBodies[0]!.prepend(total, ...rows)
}

function inMs(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
}

function rowOf(kind: 'td' | 'th', texts: readonly string[]): HTMLTableRowElement {
  const row = document.createElement('tr')
  for (const text of texts) {
    const cell = document.createElement(kind)
    cell.textContent = text
    if (kind === 'th') cell.scope = 'col'
    row.append(cell)
  }
  return row
}
