import { SqliteFileError } from '../error.js'
import type { Pages } from '../pages/pages.js'
import { type Steps, stepTo } from '../pages/steps.js'
import type { ColumnOrder } from '../read/probe.js'
import {
  type IndexInfo,
  type KeyColumn,
  ordersOf,
  type Schema,
  type SchemaObject,
} from '../schema/schema.js'
import { PageUse } from './page-use.js'
import { TreeCheck } from './verify-tree.js'

/** The result of a check of a whole file. */
export interface VerifyReport {
  /** Whether nothing is wrong. */
  readonly ok: boolean
  /** At most 100, in words; `problemCount` counts all. */
  readonly problems: readonly string[]
  /** Number of problems, also of those that are not listed. */
  readonly problemCount: number
  /** Pages of the file. */
  readonly pages: number
  /** Rows of each table and entries of each index, by name. */
  readonly counts: Readonly<Record<string, number>>
}

/**
 * Checks that every page is used once, cells are inside their pages, and records are complete and in order. An index must
 * have as many entries as its table has rows.
 *
 * The format has no checksums: changed bytes within a value cannot be seen.
 */
export function* verifySteps(pages: Pages, schema: Schema): Steps<VerifyReport> {
  const use = new PageUse(pages)
  const counts: Record<string, number> = {}
  yield* caught(use, checkTree(pages, use, 'the schema', 1, undefined))
  for (const object of schema.objects) {
    if (object.rootPage === 0) continue
    const what = `${object.type} "${object.name}"`
    const order = orderOf(schema, object, use)
    const rows = yield* caught(use, checkTree(pages, use, what, object.rootPage, order))
    if (rows !== undefined) counts[object.name] = rows
  }
  yield* caught(use, use.useOthers())
  // After a problem in a tree, the pages below it count as unused; a report of them would hide the cause.
  if (use.problemCount === 0) use.reportUnused()
  compareCounts(schema, counts, use)
  return {
    ok: use.problemCount === 0,
    problems: use.problems,
    problemCount: use.problemCount,
    pages: pages.header.pageCount,
    counts,
  }
}

function* checkTree(
  pages: Pages,
  use: PageUse,
  what: string,
  root: number,
  order: readonly ColumnOrder[] | undefined,
): Steps<number> {
  if (root > pages.header.pageCount) {
    use.report(`the root of ${what} is page ${root}, the file has ${pages.header.pageCount}`)
    return 0
  }
  const { type } = yield* stepTo(pages, root)
  const check = new TreeCheck(
    pages,
    use,
    what,
    type === 2 || type === 10 ? 'index' : 'table',
    order,
  )
  yield* check.check(root)
  return check.rows
}

function* caught<T>(use: PageUse, steps: Steps<T>): Steps<T | undefined> {
  try {
    return yield* steps
  } catch (error) {
    if (!(error instanceof SqliteFileError && error.code === 'DAMAGED')) throw error
    use.report(error.message)
    return undefined
  }
}

/** How the records of a tree are ordered, if that is known. */
function orderOf(
  schema: Schema,
  { type, name, tableName }: SchemaObject,
  use: PageUse,
): readonly ColumnOrder[] | undefined {
  try {
    const table = schema.table(tableName)
    let key: readonly KeyColumn[] | undefined
    if (type === 'index') key = table.indexes.find((index) => index.name === name)?.order
    else if (table.withoutRowid) key = table.primaryKey
    return key === undefined ? undefined : ordersOf(key, name)
  } catch (error) {
    if (!(error instanceof SqliteFileError)) throw error
    // Such a tree is checked without its order.
    if (error.code !== 'UNSUPPORTED') use.report(error.message)
    return undefined
  }
}

function compareCounts(schema: Schema, counts: Record<string, number>, use: PageUse): void {
  for (const { type, name, tableName } of schema.objects) {
    const [entries, rows] = [counts[name], counts[tableName]]
    if (type !== 'index' || entries === undefined || rows === undefined) continue
    const index = indexOf(schema, tableName, name)
    if (index === undefined || index.partial || entries === rows) continue
    use.report(`index "${name}" has ${entries} entries, its table has ${rows} rows`)
  }
}

function indexOf(schema: Schema, table: string, name: string): IndexInfo | undefined {
  try {
    return schema.table(table).indexes.find((index) => index.name === name)
  } catch (error) {
    if (!(error instanceof SqliteFileError)) throw error
    return undefined
  }
}
