import { echoBridge } from './echo-bridge.js'

const bridge = echoBridge()
const limits = { where: 'print-child' }
for (let i = 0; i < 3; i++) {
  console.log(`before ${i}`)
  bridge.call('print', [1000], limits)
  console.log(`after ${i}`)
}
process.exit()
