import * as core from '@shardyfusion/core'
import * as sync from '@shardyfusion/sync'
import { exercise, exerciseSync } from './exercise.mjs'

const [prefix] = process.argv.slice(2)
await exercise(core, `${prefix}/core`)
await exercise(core, `${prefix}/workers`, { workers: 2 })
exerciseSync(sync, `${prefix}/sync`)
console.log('exercise: ok')
