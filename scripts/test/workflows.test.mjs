import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../lib/paths.mjs'

const FOLDER = join(ROOT, '.github/workflows')
const workflows = readdirSync(FOLDER).map((name) => ({
  name,
  text: readFileSync(join(FOLDER, name), 'utf8'),
}))

/** The jobs of a workflow by their names. @param {string} text */
function jobsOf(text) {
  const [, jobs = ''] = text.split(/^jobs:\n/m)
  return jobs
    .split(/^ {2}(?=[a-z-]+:\n)/m)
    .filter((job) => job !== '')
    .map((job) => ({ job: job.slice(0, job.indexOf(':')), text: job }))
}

test('workflows: actions of others are named by a commit, with the version behind it', () => {
  let actions = 0
  for (const { name, text } of workflows) {
    for (const [line, action = ''] of text.matchAll(/uses: (\S+).*/g)) {
      if (action.startsWith('./')) continue
      actions++
      assert.match(line, /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${name}: ${line}`)
    }
  }
  assert.ok(actions > 10, `${actions} actions`)
})

test('workflows: have no permissions by default, and each job asks for its own and has a limit of time', () => {
  for (const { name, text } of workflows) {
    assert.match(text, /^permissions: \{\}$/m, name)
    const jobs = jobsOf(text)
    assert.ok(jobs.length > 0, name)
    for (const { job, text: lines } of jobs) {
      assert.match(lines, /^ {4}permissions:\n {6}\S/m, `${name}: ${job}`)
      // A job that calls a workflow has the limits of that one.
      if (!lines.includes('uses: ./')) assert.match(lines, /^ {4}timeout-minutes: \d+$/m, job)
    }
  }
})

test('workflows: none waits for an event that a token of a workflow does not cause', () => {
  const release = workflows.find(({ name }) => name === 'release.yml')
  assert.match(release?.text ?? '', /gh release create/)
  for (const { name, text } of workflows)
    assert.doesNotMatch(text, /^ {2}(?:release|workflow_run|create):/m, name)
})

test('workflows: the tests run on every version of Node that the documentation promises', () => {
  const page = readFileSync(join(ROOT, 'site/pages/where-it-runs.md'), 'utf8')
  const [, promised = ''] = /\| Node ([\d, and]+), `import`/.exec(page) ?? []
  const ci = workflows.find(({ name }) => name === 'ci.yml')
  const [, tested = ''] = /^ {8}node: \[(.+)\]$/m.exec(ci?.text ?? '') ?? []
  assert.ok(promised !== '')
  assert.deepEqual(tested.split(', '), promised.match(/\d+/g))
})
