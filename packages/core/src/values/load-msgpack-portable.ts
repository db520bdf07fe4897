import * as msgpack from '@msgpack/msgpack'

/** Outside Node, the bundler or the import map resolves the peer. */
export function loadMsgpack(): typeof msgpack {
  return msgpack
}
