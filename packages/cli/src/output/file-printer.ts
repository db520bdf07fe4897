import type { AtomicFile } from './atomic-file.js'
import { type OutputFormat, Printer } from './printer.js'
import { paintFor } from './style.js'

/** A printer for a file: NDJSON unless another format is chosen, no line limit, no colors. */
export function filePrinter(file: AtomicFile, chosen: OutputFormat | undefined): Printer {
  return new Printer({
    format: chosen ?? 'ndjson',
    write: (data) => file.write(data),
    paint: paintFor(false),
    columns: undefined,
    isTerminal: false,
  })
}
