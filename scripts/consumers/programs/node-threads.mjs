// A program for bundlers that find the files of worker threads. Without a top-level await, which CommonJS bundles do not have.
import * as core from '@shardyfusion/core'
import * as sync from '@shardyfusion/sync'
import { exercise, exerciseSync } from './exercise.mjs'

const [prefix] = process.argv.slice(2)
exercise(core, `${prefix}/core`)
  .then(() => exercise(core, `${prefix}/workers`, { workers: 2 }))
  .then(() => {
    exerciseSync(sync, `${prefix}/sync`)
    console.log('exercise: ok')
  })
