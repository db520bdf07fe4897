/** An object that does what `target` does, except for `changes`; a change to `undefined` takes a member away. */
export function delegate<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(base, name) {
      if (Object.hasOwn(changes, name)) return changes[name as keyof T]
      const member: unknown = Reflect.get(base, name)
      // Bound, since private fields are only found on the object itself.
      return typeof member === 'function' ? (member.bind(base) as unknown) : member
    },
  })
}
