import { ShardyfusionError } from '../../errors.js'

/** Throws: outside Node there are no files. */
export class FileStore {
  readonly scheme = 'file'

  constructor() {
    throw new ShardyfusionError(
      'SHARD_STORE',
      'FileStore: file:// URLs need Node.js; here, use https:// or memory://, or pass your own store as objects',
    )
  }
}
