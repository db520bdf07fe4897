import { withDatabase } from '#dist/snapshot/manifest/sqlite.js'
import { golden } from '../../../support/golden.js'

/** A manifest written by the reference. */
export function fixture(name: string): Uint8Array {
  return golden(`manifest/${name}.sqlite`)
}

/** The image after some SQL. */
export function mutate(image: Uint8Array, sql: string): Promise<Uint8Array> {
  return withDatabase(image, (database) => {
    database.run(sql)
    return database.image()
  })
}
