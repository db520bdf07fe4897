import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stop } from '../exec.mjs'

/** Licences that a package of ours may bring along: all of them permit use without conditions on the user's code. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
])

/**
 * One version of a dependency.
 * @typedef {{ name: string, versions: string[], paths: string[], license: string, homepage?: string }} Dependency
 */

/**
 * The names, licences and licence texts of all dependencies that an installation of our packages brings.
 *
 * Errors: Stop, if a licence is not allowed; it names the package.
 *
 * @param {Readonly<Record<string, readonly Dependency[]>>} list the output of `pnpm licenses list --prod --json`
 */
export function licenceText(list) {
  const all = Object.values(list)
    .flat()
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const refused = all.filter(({ license }) => !isAllowed(license))
  if (refused.length > 0) {
    const names = refused.map(({ name, license }) => `${name} (${license})`).join(', ')
    throw new Stop(
      `licences: expected licences among ${[...ALLOWED].join(', ')}, got ${names}; replace the dependency, or decide and extend the list`,
    )
  }
  const parts = all.map(({ name, versions, paths, license, homepage }) => {
    const text = paths[0] === undefined ? '' : licenceFile(paths[0])
    const head = `${name} ${versions.join(', ')}\n${license}${homepage === undefined ? '' : `\n${homepage}`}`
    return text === '' ? head : `${head}\n\n${text.trim()}`
  })
  const first =
    'Packages that an installation of the packages of shardyfusion brings, with their licences.'
  return `${[first, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/** An SPDX expression is allowed if every part is, or with OR, if one is. */
export function isAllowed(/** @type {string} */ expression) {
  const plain = expression.replace(/[()]/g, '').trim()
  if (plain.includes(' AND ')) return plain.split(' AND ').every(isAllowed)
  if (plain.includes(' OR ')) return plain.split(' OR ').some(isAllowed)
  return ALLOWED.has(plain)
}

function licenceFile(/** @type {string} */ folder) {
  const name = readdirSync(folder)
    .sort()
    .find((each) => /^licen[cs]e(\.|$)/i.test(each))
  return name === undefined ? '' : readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')
}
