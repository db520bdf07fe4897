import { unsupported } from '../error.js'
import { localBytes } from '../format/page-size.js'
import { varintLength, writeVarint } from '../format/varint.js'
import { TABLE_INTERIOR, TABLE_LEAF } from '../pages/page.js'
import { HEADER_BYTES } from '../format/header.js'
import type { SchemaObject } from '../schema/schema.js'
import { encodeRecord } from './encode-record.js'
import { PageBuilder } from './page-builder.js'
import type { PageOutput } from './page-output.js'
import { putParts } from './tree-writer.js'

/**
 * Writes the table of tables, whose root is the first page of a file; gives that page.
 *
 * Errors: UNSUPPORTED if there are more objects than one interior page leads to, which takes hundreds.
 */
export function writeSchema(output: PageOutput, objects: readonly SchemaObject[]): PageBuilder {
  const cells = objects.map((object, i) => schemaCell(output, object, i + 1))
  const first = new PageBuilder(output.pageSize, TABLE_LEAF, HEADER_BYTES)
  if (fill(first, cells, 0) === cells.length) return first
  const root = new PageBuilder(output.pageSize, TABLE_INTERIOR, HEADER_BYTES)
  for (let at = 0; ;) {
    const leaf = new PageBuilder(output.pageSize, TABLE_LEAF)
    at = fill(leaf, cells, at)
    const no = output.emit(leaf.finish())
    if (at === cells.length) {
      root.rightChild = no
      return root
    }
    const separator = new Uint8Array(varintLength(at))
    writeVarint(separator, 0, at)
    if (!root.fits(4 + separator.length)) {
      throw unsupported(
        `SqliteFileWriter: ${objects.length} tables and indexes are too many for pages of ${output.pageSize} bytes; use larger pages`,
      )
    }
    root.addChild(no, separator)
  }
}

/** Adds cells from `start` on while they fit; gives the first that does not. */
function fill(page: PageBuilder, cells: readonly Uint8Array[], start: number): number {
  let at = start
  for (; at < cells.length && page.fits(cells[at]!.length); at++) page.add(cells[at]!)
  return at
}

function schemaCell(output: PageOutput, object: SchemaObject, rowid: number): Uint8Array {
  const { type, name, tableName, rootPage, sql } = object
  const { parts, size } = encodeRecord([type, name, tableName, rootPage, sql], 'SqliteFileWriter')
  const local = localBytes(size, output.pageSize, true)
  const head = varintLength(size) + varintLength(rowid)
  const cell = new Uint8Array(head + local + (local < size ? 4 : 0))
  const chain = local < size ? output.emitChain(parts, local) : 0
  putParts(cell, writeVarint(cell, writeVarint(cell, 0, size), rowid), parts, local, chain)
  return cell
}
