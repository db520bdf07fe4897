import type { Values } from './stores/store.js'

/** Gets all keys with at most `lanes` pending at a time. Does not await immediate answers. */
export async function inLanes(
  keys: readonly number[],
  lanes: number,
  get: (key: number) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<(Uint8Array | undefined)[]> {
  const values: (Uint8Array | undefined)[] = Array.from({ length: keys.length })
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < keys.length) {
      const i = next++
      const value = get(keys[i]!)
      values[i] = value instanceof Promise ? await value : value
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return values
}

/** Gets all keys, `size` at a time. */
export async function inBatches(
  keys: readonly number[],
  size: number,
  getMany: (keys: readonly number[]) => Values | Promise<Values>,
): Promise<(Uint8Array | undefined)[]> {
  const values: (Uint8Array | undefined)[] = []
  for (let at = 0; at < keys.length; at += size) {
    values.push(...(await getMany(keys.slice(at, at + size))))
  }
  return values
}

/** Gets all keys and sums the first bytes of their values, without keeping the values. */
export async function sumInLanes(
  keys: readonly number[],
  lanes: number,
  get: (key: number) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<number> {
  let sum = 0
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < keys.length) {
      const value = get(keys[next++]!)
      const bytes = value instanceof Promise ? await value : value
      sum += bytes![0]! + bytes!.length
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return sum
}
