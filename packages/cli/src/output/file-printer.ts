import type { AtomicFile } from './atomic-file.js'
import { type OutputFormat, Printer } from './printer.js'
import { paintFor } from './style.js'

/** Prints into a file: what programs read unless something else was asked for, as long as it comes, without colours. */
export function filePrinter(file: AtomicFile, chosen: OutputFormat | undefined): Printer {
  return new Printer({
    format: chosen ?? 'ndjson',
    write: (data) => file.write(data),
    paint: paintFor(false),
    columns: undefined,
    isTerminal: false,
  })
}
