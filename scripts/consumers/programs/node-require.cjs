const core = require('@shardyfusion/core')
const sync = require('@shardyfusion/sync')
const { exercise, exerciseSync } = require('./exercise.mjs')

const [prefix] = process.argv.slice(2)
exercise(core, `${prefix}/core`).then(() => {
  exerciseSync(sync, `${prefix}/sync`)
  console.log('exercise: ok')
})
