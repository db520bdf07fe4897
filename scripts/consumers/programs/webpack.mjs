// Arguments: target (node or web), entry, folder of the output, name of the file.
import { resolve } from 'node:path'
import webpack from 'webpack'

const [target, entry, folder, filename] = process.argv.slice(2)
const compiler = webpack({
  mode: 'production',
  target,
  // It takes most of the time, and changes nothing here.
  optimization: { minimize: false },
  entry: resolve(entry),
  output: { path: resolve(folder), filename },
})
compiler.run((error, stats) => {
  if (error) throw error
  console.log(stats.toString({ all: false, errors: true, warnings: true, assets: true }))
  process.exitCode = stats.hasErrors() ? 1 : 0
})
