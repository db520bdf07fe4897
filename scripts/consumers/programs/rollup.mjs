// Arguments: entry, folder of the output.
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import resolve from '@rollup/plugin-node-resolve'
import { rollup } from 'rollup'

const [input, dir] = process.argv.slice(2)
const plugins = [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs(), json()]
const bundle = await rollup({ input, plugins, onwarn: () => {} })
await bundle.write({
  dir,
  format: 'es',
  entryFileNames: '[name].mjs',
  chunkFileNames: '[name].mjs',
})
await bundle.close()
