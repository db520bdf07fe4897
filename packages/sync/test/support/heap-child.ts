import { echoBridge } from './echo-bridge.js'

const bridge = echoBridge({ heapMiB: 32 })
try {
  bridge.call('fillHeap', [], { where: 'heap-child' })
} catch (error) {
  console.log((error as { code?: string }).code)
}
