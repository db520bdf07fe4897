import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { filesBelow } from '../paths.mjs'

const NAME = 'SHA256SUMS'

/** Writes the SHA-256 of every file below `folder`, in the form that `sha256sum --check` reads. */
export function writeSums(/** @type {string} */ folder) {
  const lines = filesBelow(folder)
    .map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }))
    .filter(({ name }) => name !== NAME)
    .map(({ path, name }) => `${sha256(path)}  ${name}\n`)
  writeFileSync(join(folder, NAME), lines.join(''))
}

/** @returns {Map<string, string>} the recorded SHA-256 by file name */
export function readSums(/** @type {string} */ folder) {
  const lines = readFileSync(join(folder, NAME), 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}

/** The files whose bytes differ from the recorded sum. */
export function changedFiles(/** @type {string} */ folder) {
  return [...readSums(folder)].flatMap(([name, sum]) =>
    sha256(join(folder, name)) === sum ? [] : [name],
  )
}

function sha256(/** @type {string} */ path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
