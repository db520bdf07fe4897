import { storeError } from '../../errors/error-factories.js'

/** Throws: outside Node there are no files. */
export class FileStore {
  readonly scheme = 'file'

  constructor() {
    throw storeError(
      'FileStore',
      'file:// URLs need Node.js; here, use https:// or memory://, or pass your own store as objects',
    )
  }
}
