import * as uniffi from '@slatedb/uniffi'

type Method = (this: unknown, ...args: unknown[]) => unknown

/** No handle of any class of the native binding. */
export const NO_HANDLES = {
  ObjectStore: 0,
  Settings: 0,
  DbBuilder: 0,
  DbReaderBuilder: 0,
  Db: 0,
  DbReader: 0,
  DbIterator: 0,
  WriteBatch: 0,
}

/** Handles by class: made minus freed. */
export type HandleCounts = typeof NO_HANDLES

/**
 * Counts the handles the binding gives out and gets back, by watching the calls that make and free them.
 *
 * Its own finalizers would free a forgotten handle some day; what counts here is that nobody has to wait
 * for them.
 */
export function countHandles(): { live: HandleCounts; restore: () => void } {
  const live: HandleCounts = { ...NO_HANDLES }
  const undo: (() => void)[] = []
  const wrap = (target: object, name: string, around: (original: Method) => Method): void => {
    const owner = target as Record<string, Method>
    const original = owner[name]!
    const inherited = !Object.hasOwn(owner, name)
    owner[name] = around(original)
    undo.push(() => {
      if (inherited) delete owner[name]
      else owner[name] = original
    })
  }
  const made =
    (name: keyof HandleCounts) =>
    (original: Method): Method =>
      function (...args) {
        const result = original.apply(this, args)
        if (!(result instanceof Promise)) {
          live[name]++
          return result
        }
        return result.then((handle: unknown) => {
          if (handle !== undefined) live[name]++
          return handle
        })
      }
  wrap(uniffi.ObjectStore, 'resolve', made('ObjectStore'))
  wrap(uniffi.Settings, 'default', made('Settings'))
  wrap(uniffi.DbBuilder.prototype, 'build', made('Db'))
  wrap(uniffi.DbReaderBuilder.prototype, 'build', made('DbReader'))
  wrap(uniffi.DbReader.prototype, 'scan_with_options', made('DbIterator'))
  // Constructors cannot be wrapped; the first call on the new object stands for them.
  const first = (name: keyof HandleCounts) => {
    const seen = new WeakSet<object>()
    return (original: Method): Method =>
      function (...args) {
        if (!seen.has(this as object)) live[name]++
        seen.add(this as object)
        return original.apply(this, args)
      }
  }
  wrap(uniffi.DbBuilder.prototype, 'with_settings', first('DbBuilder'))
  wrap(uniffi.DbReaderBuilder.prototype, 'with_options', first('DbReaderBuilder'))
  wrap(uniffi.WriteBatch.prototype, 'put', first('WriteBatch'))
  const base = Object.getPrototypeOf(uniffi.Db.prototype) as object
  wrap(
    base,
    'dispose',
    (original) =>
      function (...args) {
        const freed = original.apply(this, args)
        const name = (this as object).constructor.name as keyof HandleCounts
        if (freed === true && name in live) live[name]--
        return freed
      },
  )
  return { live, restore: () => undo.reverse().forEach((step) => step()) }
}
