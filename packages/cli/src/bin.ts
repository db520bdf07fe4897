#!/usr/bin/env node
import { enableCompileCache } from './util/compile-cache.js'

enableCompileCache()
// The AWS SDK warns on every start that it will drop Node 20. Users of a command cannot act on that warning.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// Imported after the cache is enabled, so that the cache covers it.
// Without a top-level await, which a bundle for a single executable cannot have.
void import('./main.js').then(async ({ main }) => {
  process.exitCode = await main(process.argv.slice(2))
})
