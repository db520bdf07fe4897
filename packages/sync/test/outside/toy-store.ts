// A store that serves the URLs of a bucket from a folder.
import { pathToFileURL } from 'node:url'
import type { ObjectStore } from '@shardyfusion/core/extend'
import { mapStore } from '@shardyfusion/core/testing'

export const BUCKET = 's3://toy-bucket'

export interface ToyStoreOptions {
  readonly folder: string
}

export async function toyStore({ folder }: ToyStoreOptions): Promise<ObjectStore> {
  const store = await mapStore({ from: BUCKET, to: pathToFileURL(folder).href })
  const origin = { module: import.meta.url, export: 'toyStore', options: { folder } }
  return { ...store, origin }
}
