#!/usr/bin/env node
import { enableCompileCache } from './util/compile-cache.js'

enableCompileCache()
// The AWS SDK announces on every start that it will leave Node 20 one day; users of a command cannot act on it.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// Imported only now, so that the cache holds it.
const { main } = await import('./main.js')
process.exitCode = await main(process.argv.slice(2))
