import gzippedBase64 from '#inlined-module'
import { useInlined } from './instance.js'

// For bundles of one file, where no file is next to the program: importing this entry, before a reader or writer opens,
// makes the engine start from the text in it.
useInlined(async () => {
  const gzipped = Uint8Array.from(atob(gzippedBase64), (char) => char.charCodeAt(0))
  const stream = new Blob([gzipped]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Response(stream).arrayBuffer()
})

export { loadSlateDb } from './load.js'
