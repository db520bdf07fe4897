// Values as MessagePack, by the optional peer @msgpack/msgpack.
export {
  type MsgpackExtensionCodec,
  type MsgpackModule,
  type MsgpackOptions,
  msgpackValues,
} from './values/msgpack-values.js'
