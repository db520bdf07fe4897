import { writeSync } from 'node:fs'
import { echoBridge } from './echo-bridge.js'

const [listens] = process.argv.slice(2)
const limits = { where: 'interrupt-child' }
const say = (text: string): void => void writeSync(1, `${text}\n`)

if (listens === 'listens') {
  // Signals are delivered by the event loop, which otherwise may end before its first turn.
  const alive = setTimeout(() => say('not heard'), 10_000)
  process.once('SIGINT', () => {
    clearTimeout(alive)
    say('heard')
  })
}
const bridge = echoBridge()
bridge.call('value', [1], limits)
say('waiting')
try {
  bridge.call('after', [50_000], limits)
  say('not interrupted')
} catch (error) {
  say(String((error as { code?: string }).code))
}
say(`still works: ${String(bridge.call('value', [42], limits))}`)
