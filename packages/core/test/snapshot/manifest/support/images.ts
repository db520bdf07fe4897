import { withDatabase } from '../../../support/sqlite.js'
import { golden } from '../../../support/golden.js'

/** A manifest written by the reference. */
export function fixture(name: string): Uint8Array {
  return golden(`manifest/${name}.sqlite`)
}

/** The image after some SQL. */
export function mutate(image: Uint8Array, sql: string): Uint8Array {
  return withDatabase(image, (database) => {
    database.run(sql)
    return database.image()
  })
}
