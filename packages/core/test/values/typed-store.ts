// Compiled by the oldest supported compiler and by the newest: each line that must not compile says so.
import {
  jsonValues,
  type Key,
  ShardReader,
  ShardWriter,
  SnapshotReader,
  SnapshotWriter,
  type ValueCodec,
  writeSnapshot,
  type WriteSnapshotOptions,
} from '@shardyfusion/core'
import { compressedValues } from '@shardyfusion/core/compression'
import { msgpackValues } from '@shardyfusion/core/msgpack'
import type { WrittenValue } from '@shardyfusion/core/extend'
import * as v from 'valibot'
import { z } from 'zod'

type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
/** Compiles only if both types are the same. */
declare function same<A, B>(isSame: Same<A, B>): void

interface Order {
  id: number
  total: number
  name: string
  at: Date
  raw: Uint8Array
}
declare const orders: Order[]
declare const untyped: Record<string, unknown>[]
declare const dates: ValueCodec<Date>
declare const prefix: string
const sharding = { shards: 2 }
const place = { prefix, sharding }

export async function readersAreTypedByTheirValues(): Promise<void> {
  const bytes = await SnapshotReader.open({ prefix })
  same<Awaited<ReturnType<typeof bytes.get>>, Uint8Array | undefined>(true)
  const text = await SnapshotReader.open({ prefix, values: 'utf8' })
  same<Awaited<ReturnType<typeof text.get>>, string | undefined>(true)
  const json = await SnapshotReader.open({ prefix, values: 'json' })
  same<Awaited<ReturnType<typeof json.getMany>>, unknown[]>(true)
  const typed = await SnapshotReader.open({ prefix, values: jsonValues<Order>() })
  same<Awaited<ReturnType<typeof typed.getMany>>, (Order | undefined)[]>(true)
  const own = await SnapshotReader.open({ prefix, values: dates })
  same<Awaited<ReturnType<typeof own.get>>, Date | undefined>(true)
  const packed = await SnapshotReader.open({
    prefix,
    values: compressedValues(msgpackValues<Order>()),
  })
  same<Awaited<ReturnType<typeof packed.get>>, Order | undefined>(true)
  const values = compressedValues('utf8')
  same<typeof values, ValueCodec<string>>(true)
  // @ts-expect-error the type of a value is that of the reader
  await bytes.get<Order>(1)
  // @ts-expect-error JSON is unknown until something checks it
  const order: Order | undefined = await json.get(1)
  // @ts-expect-error no such format
  await SnapshotReader.open({ prefix, values: 'text' })
  return void order
}

export async function schemasTypeBothSides(): Promise<void> {
  const schema = v.object({ id: v.pipe(v.string(), v.transform(Number)) })
  const reader = await SnapshotReader.open({ prefix, values: 'json', schema })
  same<Awaited<ReturnType<typeof reader.get>>, { id: number } | undefined>(true)
  const writer = await SnapshotWriter.open({ ...place, values: 'json', schema })
  await writer.put(1, { id: '7' })
  // @ts-expect-error a writer takes the input of the schema
  await writer.put(1, { id: 7 })
  const product = z.object({ id: z.number(), tags: z.array(z.string()).default([]) })
  await writeSnapshot([{ id: 1 }], { ...place, key: 'id', values: 'json', schema: product })
  // @ts-expect-error records are inputs of the schema
  await writeSnapshot([{ id: 'x' }], { ...place, key: () => 1, values: 'json', schema: product })
  same<WrittenValue<'json', typeof schema>, { id: string }>(true)
}

export async function recordsGoWithTheirValues(): Promise<void> {
  await writeSnapshot(orders, { ...place, key: 'id', values: 'json' })
  await writeSnapshot(orders, { ...place, key: 'id', value: 'name', values: 'utf8' })
  await writeSnapshot(orders, { ...place, key: 'id', value: 'raw' })
  await writeSnapshot(orders, { ...place, key: 'id', value: ({ at }) => at, values: dates })
  await writeSnapshot(orders, {
    ...place,
    key: (order, i) => order.id + i,
    values: jsonValues<Order>(),
  })
  await writeSnapshot(untyped, { ...place, key: 'id', values: 'json' })
  // @ts-expect-error a number is not text
  await writeSnapshot(orders, { ...place, key: 'id', value: 'total', values: 'utf8' })
  // @ts-expect-error a number is not text
  await writeSnapshot(orders, { ...place, key: 'id', value: ({ total }) => total, values: 'utf8' })
  // @ts-expect-error text is not bytes
  await writeSnapshot(orders, { ...place, key: 'id', value: 'name' })
  // @ts-expect-error an order is not text
  await writeSnapshot(orders, { ...place, key: 'id', values: 'utf8' })
  // @ts-expect-error an order is not a date
  await writeSnapshot(orders, { ...place, key: 'id', values: dates })
  // @ts-expect-error no such member
  await writeSnapshot(orders, { ...place, key: 'idd', values: 'json' })
  // @ts-expect-error a misspelt option
  await writeSnapshot(orders, { ...place, key: 'id', values: 'json', shardz: 1 })
}

export async function recordsGoWithTheirKeys(): Promise<void> {
  await writeSnapshot(orders, { ...place, key: 'name', keyEncoding: 'utf8', values: 'json' })
  await writeSnapshot(orders, { ...place, key: 'raw', keyEncoding: 'raw', values: 'json' })
  // @ts-expect-error a date is not a key
  await writeSnapshot(orders, { ...place, key: 'at', values: 'json' })
  // @ts-expect-error a date is not a key
  await writeSnapshot(orders, { ...place, key: ({ at }) => at, values: 'json' })
  // @ts-expect-error text is not an integer key, the default
  await writeSnapshot(orders, { ...place, key: 'name', values: 'json' })
  // @ts-expect-error an integer is not a text key
  await writeSnapshot(orders, { ...place, key: 'id', keyEncoding: 'utf8', values: 'json' })
  // @ts-expect-error records that are not pairs need a key
  await writeSnapshot(orders, { ...place, values: 'json' })
}

export async function pairsGoWithBoth(): Promise<void> {
  const loose = [[1, 'a']]
  await writeSnapshot([[1, 'a']], { ...place, values: 'utf8' })
  await writeSnapshot(loose, { ...place, values: 'utf8' })
  await writeSnapshot(new Map([[1n, 'a']]), { ...place, values: 'utf8' })
  await writeSnapshot(new Map([['a', dates]]), { ...place, keyEncoding: 'utf8', values: 'json' })
  // @ts-expect-error a number is not text
  await writeSnapshot([[1, 7]], { ...place, values: 'utf8' })
  // @ts-expect-error a number is not text
  await writeSnapshot(new Map([[1, 7]]), { ...place, values: 'utf8' })
  // @ts-expect-error a date is not a key
  await writeSnapshot([[new Date(), 'a']], { ...place, values: 'utf8' })
  // @ts-expect-error text is not an integer key, the default
  await writeSnapshot(new Map([['a', 'b']]), { ...place, values: 'utf8' })
}

export async function writersGoWithTheirKeysAndValues(): Promise<void> {
  const writer = await SnapshotWriter.open({ ...place, values: 'utf8' })
  await writer.put(1n, 'text')
  // @ts-expect-error a number is not text
  await writer.put(1, 7)
  // @ts-expect-error a date is not a key
  await writer.put(new Date(), 'text')
  // @ts-expect-error text is not an integer key, the default
  await writer.put('1', 'text')
  const shard = await ShardWriter.open({ url: prefix, keyEncoding: 'utf8' })
  await shard.put('1', new Uint8Array())
  // @ts-expect-error an integer is not a text key
  await shard.put(1, new Uint8Array())
}

export async function readersGoWithTheirKeys(): Promise<void> {
  const any = await SnapshotReader.open({ prefix })
  const key: Key = 1
  await any.get(key)
  any.scanIter({ prefix: 'eu/' })
  // @ts-expect-error a date is not a key
  await any.get(new Date())
  const integers = await SnapshotReader.open({ prefix, keyEncoding: 'u64be', keys: 'decoded' })
  await integers.getMany([1, 2n])
  for await (const [id] of integers.scanIter({ start: 1, end: 7n })) same<typeof id, bigint>(true)
  // @ts-expect-error text is not an integer
  await integers.get('1')
  // @ts-expect-error a text range on integer keys
  integers.scanIter({ start: 'a', end: 'b' })
  // @ts-expect-error a text prefix of integer keys
  integers.scanIter({ prefix: 'a' })
  const text = await SnapshotReader.open({ prefix, keyEncoding: 'utf8', keys: 'decoded' })
  for await (const [id] of text.scanIter({ prefix: 'a' })) same<typeof id, string>(true)
  const shard = await ShardReader.open({ url: prefix })
  await shard.get(1)
  // @ts-expect-error a text range on integer keys, the default
  shard.scanIter({ start: 'a' })
}

/** Options may be made apart from the call, and wrapped. */
export async function wrapped(
  options: Omit<WriteSnapshotOptions<Order, 'json'>, 'prefix'>,
): Promise<void> {
  await writeSnapshot(orders, { ...options, prefix, key: 'id' })
  const whole: WriteSnapshotOptions<Order, 'utf8'> = {
    ...place,
    key: 'id',
    value: 'name',
    values: 'utf8',
  }
  await writeSnapshot(orders, whole)
}
