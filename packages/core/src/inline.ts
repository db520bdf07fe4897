// For bundles of one file: importing this entry first puts the default engine, as text, into the
// bundle, which then needs no file next to it.
// oxlint-disable-next-line import/no-unassigned-import -- the import puts the module into the bundle
import 'slatedb-wasm/inline'

export { loadSlateDb } from './slatedb/wasm/load-slatedb.js'
