/**
 * An object that does what `target` does, except for `changes`; a change to `undefined` takes a member away.
 *
 * Copying it by `{ ...object }` gives none of the members, so that a wrapper is not lost by accident.
 */
export function delegate<T extends object>(target: T, changes: Partial<T>): T {
  const bound = new Map<PropertyKey, { readonly member: unknown; readonly call: unknown }>()
  // Inherits, so that `in` and `instanceof` say what they say of the target.
  return new Proxy(Object.create(target) as T, {
    get(own, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof T]
      if (Object.hasOwn(changes, name)) return changes[name as keyof T]
      const member: unknown = Reflect.get(target, name)
      // Bound, since private fields are only found on the target itself.
      if (typeof member !== 'function') return member
      let found = bound.get(name)
      // Bound once: hot paths call through here.
      if (found?.member !== member) {
        found = { member, call: member.bind(target) as unknown }
        bound.set(name, found)
      }
      return found.call
    },
  })
}
