// Arguments: options of esbuild as JSON.
import { build } from 'esbuild'

await build({ bundle: true, logLevel: 'warning', ...JSON.parse(process.argv[2]) })
