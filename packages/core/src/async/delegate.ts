/**
 * Makes an object that behaves like `target`, except for `changes`; a change to `undefined` removes
 * a member.
 *
 * A copy by `{ ...object }` has none of the members, so a wrapper is not lost by accident.
 */
export function delegate<T extends object>(target: T, changes: Partial<T>): T {
  const bound = new Map<PropertyKey, { readonly member: unknown; readonly call: unknown }>()
  // It inherits, so `in` and `instanceof` give the same results as for the target.
  return new Proxy(Object.create(target) as T, {
    get(own, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof T]
      if (Object.hasOwn(changes, name)) return changes[name as keyof T]
      const member: unknown = Reflect.get(target, name)
      // Bind to the target: private fields exist only there.
      if (typeof member !== 'function') return member
      let found = bound.get(name)
      // Bind once: hot paths call through here.
      if (found?.member !== member) {
        found = { member, call: member.bind(target) as unknown }
        bound.set(name, found)
      }
      return found.call
    },
  })
}
