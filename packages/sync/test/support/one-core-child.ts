// Prints how much slower calls are than without ever spinning, when all threads are held on one core after their start.
import { execFileSync } from 'node:child_process'
import { echoBridge } from './echo-bridge.js'

const CALLS = 1500
const ROUNDS = 5
const nothing = new Uint8Array(0)
const limits = { where: 'one-core-child' }
const [adapting, sleeping] = [echoBridge({ spins: true }), echoBridge({ spins: false })]

function usual(bridge: typeof adapting): number {
  const times = Array.from({ length: CALLS }, () => {
    const begun = performance.now()
    bridge.callPacked('nothing', nothing, limits)
    return performance.now() - begun
  })
  return times.sort((a, b) => a - b)[CALLS >> 1]!
}

usual(adapting)
usual(sleeping)
execFileSync('taskset', ['-acp', '0', String(process.pid)], { stdio: 'ignore' })
const ratios = Array.from({ length: ROUNDS }, () => usual(adapting) / usual(sleeping))
console.log(ratios.sort((a, b) => a - b)[ROUNDS >> 1])
