// Looks up one key, with a store that a module names.
import { SnapshotReaderSync } from '@shardyfusion/sync'

const [prefix, module] = process.argv.slice(2) as [string, string | undefined]
try {
  using reader = SnapshotReaderSync.open({
    prefix,
    valueEncoding: 'utf8',
    ...(module === undefined
      ? {}
      : { objects: { module, export: 'makeStore', options: { prefix } } }),
  })
  console.log(reader.get(42))
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  console.log(`${code} ${message}`)
}
