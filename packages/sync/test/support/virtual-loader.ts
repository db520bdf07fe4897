// A loader hook: what it resolves exists for those alone who have it.
type Resolve = (
  specifier: string,
  context: object,
) => Promise<{ url: string; shortCircuit?: boolean }>

export async function resolve(specifier: string, context: object, next: Resolve) {
  if (specifier !== 'virtual:store') return next(specifier, context)
  return { url: new URL('./store-module.js', import.meta.url).href, shortCircuit: true }
}
