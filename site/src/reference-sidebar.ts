import type { DefaultTheme } from 'vitepress'
import { ENTRY_POINTS } from './entry-points.js'

/** The part of the sidebar with one page for each entry point. */
export function referenceSidebar(): DefaultTheme.SidebarItem {
  const items = ENTRY_POINTS.map(({ name }) => ({ text: name, link: `/reference/${name}` }))
  return {
    text: 'Reference',
    items: [{ text: 'All entry points', link: '/reference/' }, ...items],
  }
}
