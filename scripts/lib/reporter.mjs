import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'

const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

/**
 * Node's `spec` reporter, with the counts moved to the end. Otherwise a long list of failures follows the counts and
 * scrolls them out of view.
 *
 * @param {AsyncIterable<import('node:test/reporters').TestEvent>} source
 */
export default async function* report(source) {
  /** @type {string[]} */
  const summary = []
  async function* withoutSummary() {
    for await (const event of source) {
      if (event.type === 'test:diagnostic' && isSummary(event.data)) {
        summary.push(`ℹ ${event.data.message}\n`)
      } else {
        yield event
      }
    }
  }
  yield* Readable.from(withoutSummary()).pipe(new spec())
  const failed = process.env['SHARDYFUSION_FAILED_SECTIONS']
  if (failed) yield `\n✖ sections of .ci/run that failed before the tests: ${failed}\n\n`
  yield summary.join('')
}

/** @param {{ message: string, nesting: number }} data */
function isSummary({ message, nesting }) {
  return nesting === 0 && SUMMARY.test(message)
}
