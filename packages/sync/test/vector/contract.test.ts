import { searchContract } from '../../../vector/dist-test/contract/search-contract.js'
import { vectorContract } from '../../../vector/dist-test/contract/vector-contract.js'
import { syncApi, syncVectorApi } from '../support/sync-api.js'

let snapshots = 0
const newPrefix = (): string => `memory://sync-vectors/${snapshots++}`

searchContract({ name: 'memory, without await', api: syncApi, newPrefix })
vectorContract({
  name: 'memory, without await',
  api: { ...syncVectorApi, SnapshotReader: syncApi.SnapshotReader },
  newPrefix,
})
