import { ShardyfusionError } from '../../errors.js'

function refuse(): Promise<never> {
  return Promise.reject(
    new ShardyfusionError(
      'SHARD_ENGINE',
      "the native engine needs Node.js; choose the one that runs everywhere with engine: 'wasm'",
      { details: { peer: 'DbAdapterError' } },
    ),
  )
}

/** Throw: outside Node there is no native engine. */
export { refuse as openReader, refuse as openWriter, refuse as requireBinding }
