export {
  type PostgresCatalog,
  postgresCatalog,
  type PostgresCatalogOptions,
} from './postgres-catalog.js'
export type { PostgresClient, PostgresPool } from './pool.js'
