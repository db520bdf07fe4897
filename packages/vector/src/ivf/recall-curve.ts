/** The recall that a build measured on its own data, by numbers of lists: for the nearest 10 and 100. */
export interface RecallCurve {
  readonly topK: number
  /** Numbers of lists, ascending, with the share of the truly nearest that they found. */
  readonly points: readonly (readonly [lists: number, recall: number])[]
}

/**
 * The fewest lists that found the wanted share in the build; `undefined` if none did, or if nothing was measured for as
 * many hits: then only computing all distances will do.
 */
export function listsFor(
  curves: readonly RecallCurve[],
  topK: number,
  recall: number,
): number | undefined {
  const curve = curves.find((one) => topK <= one.topK)
  return curve?.points.find(([, measured]) => measured >= recall)?.[0]
}

/** Errors: TypeError for other data. */
export function parseCurves(text: unknown): RecallCurve[] {
  const parsed: unknown = JSON.parse(String(text))
  if (!Array.isArray(parsed) || !parsed.every(isCurve)) throw new TypeError('not recall curves')
  return parsed
}

function isCurve(value: unknown): value is RecallCurve {
  const { topK, points } = (value ?? {}) as Partial<RecallCurve>
  return (
    Number.isInteger(topK) &&
    Array.isArray(points) &&
    points.every(
      (point: unknown) =>
        Array.isArray(point) && Number.isInteger(point[0]) && typeof point[1] === 'number',
    )
  )
}
