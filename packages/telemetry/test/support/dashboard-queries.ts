export interface DashboardQuery {
  /** Of its panel. */
  readonly title: string
  readonly expr: string
}

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

/** Returns the queries of all panels of a dashboard, and of its annotations. */
export function dashboardQueries(json: string): DashboardQuery[] {
  const { panels, annotations } = JSON.parse(json) as {
    panels: readonly Panel[]
    annotations: { list: readonly { name: string; expr: string }[] }
  }
  return [
    ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
    ...annotations.list.map(({ name, expr }) => ({ title: name, expr })),
  ]
}
