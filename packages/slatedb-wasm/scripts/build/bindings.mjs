import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from './run.mjs'

const EXPORT_LIST = 'export { initSync, __wbg_init as default };'
const DEFAULT_EXPORT = /^(\/\*\*(?:\n \*.*)*\n)?export default function __wbg_init .*;$/m

/**
 * Turns the bindings into a function. wasm-bindgen writes them as a module with one instance of the engine, and an
 * imported module is never freed. With a function, a stopped engine can be replaced and freed.
 *
 * @param {string} out
 */
export function makeFactory(out) {
  rewrite(join(out, 'slatedb.js'), (script) => {
    const names = [...script.matchAll(/^export (?:class|function) (\w+)/gm)].map(
      (match) => match[1],
    )
    if (names.length === 0 || !script.includes(EXPORT_LIST)) unexpected('slatedb.js')
    const body = script
      .replace(/^\/\* @ts-self-types.*\*\/\n/, '')
      .replaceAll(/^export (?=class|function)/gm, '')
      .replace(EXPORT_LIST, `return { ${[...names, 'initSync'].join(', ')} };`)
    return `/* @ts-self-types="./slatedb.d.ts" */\n/** Bindings of a new instance. They are freed with it. */\nexport function createBindings() {\n${body.trim()}\n}\n`
  })
  rewrite(join(out, 'slatedb.d.ts'), (types) => {
    if (!DEFAULT_EXPORT.test(types)) unexpected('slatedb.d.ts')
    const body = types.replace(DEFAULT_EXPORT, '').replaceAll(/^\/\* (?:ts|es)lint.*\*\/\n/gm, '')
    return (
      `/* tslint:disable */\n/* eslint-disable */\n\ndeclare namespace bindings {\n${body.trim()}\n}\n\n` +
      `export type Bindings = typeof bindings;\nexport type Reader = bindings.Reader;\n` +
      `export type Scan = bindings.Scan;\nexport type Writer = bindings.Writer;\n` +
      `export type TableUpdate = bindings.TableUpdate;\n` +
      `export type TableWriter = bindings.TableWriter;\n` +
      `/** Bindings of a new instance. They are freed with it. */\nexport function createBindings(): Bindings;\n`
    )
  })
}

/**
 * @param {string} path
 * @param {(text: string) => string} change
 */
function rewrite(path, change) {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

/**
 * @param {string} name
 * @returns {never}
 */
function unexpected(name) {
  fail(`${name} is not what wasm-bindgen used to write: scripts/build/bindings.mjs has to follow`)
}
