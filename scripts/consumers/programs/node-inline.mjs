// A program for a bundle of one file: the engine is in it as text.
import '@shardyfusion/core/inline'
import * as core from '@shardyfusion/core'
import { exercise } from './exercise.mjs'

// Without a top-level await, which CommonJS bundles do not have.
const [prefix] = process.argv.slice(2)
exercise(core, `${prefix}/core`).then(() => console.log('exercise: ok'))
