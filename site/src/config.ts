import { join } from 'node:path'
import { defineConfig, type DefaultTheme, type MarkdownRenderer } from 'vitepress'
import { REPOSITORY, SITE } from './places.js'
import { referenceSidebar } from './reference-sidebar.js'
import { SECTIONS } from './site-map.js'

/** The address of the site below its host; GitHub serves it below the name of the repository. */
const BASE = process.env['SITE_BASE'] ?? '/'

/** Shows double braces in the text of a page as they are; otherwise Vue evaluates them. */
function withoutInterpolation({ renderer: { rules } }: MarkdownRenderer): void {
  for (const name of ['text', 'code_inline'] as const) {
    const render = rules[name]
    if (render !== undefined) {
      rules[name] = (...args) => render(...args).replaceAll('{{', '&#123;&#123;')
    }
  }
}

/** Renders an empty cell in the head of a table as a plain cell: a header without text says nothing to a screen reader. */
function withoutEmptyHeaders({ core: { ruler } }: MarkdownRenderer): void {
  ruler.push('empty-headers', ({ tokens }) => {
    for (const [i, token] of tokens.entries()) {
      if (token.type !== 'th_open' || tokens[i + 1]?.content !== '') continue
      token.tag = 'td'
      tokens[i + 2]!.tag = 'td'
    }
  })
}

/** Lets the keyboard scroll indented blocks of code, as it does fenced ones. */
function focusIndentedCode({ renderer: { rules } }: MarkdownRenderer): void {
  const render = rules.code_block
  if (render === undefined) return
  rules.code_block = (...args) => render(...args).replace('<pre', '<pre tabindex="0"')
}

/** Leaves out components of the theme that no page uses, with their styles. */
function withoutUnusedComponents() {
  const unused =
    /\/VP(?:Team\w*|Sponsor\w*|Home\w*|Hero|Features?|\w*CarbonAds|DocAsideSponsors)\.vue$/
  return {
    name: 'site:unused-components',
    enforce: 'pre' as const,
    resolveId: (id: string) =>
      unused.test(id) ? join(SITE, '.vitepress/theme/nothing.ts') : undefined,
  }
}

function sidebar(): DefaultTheme.SidebarItem[] {
  const sections = SECTIONS.map(({ title, pages }) => ({
    text: title,
    items: pages.map((page) => ({ text: page.title, link: page.link })),
  }))
  return [...sections, referenceSidebar()]
}

export default defineConfig({
  title: 'shardyfusion',
  description:
    'Immutable, sharded key-value snapshots on object storage: build in batch, look up all day.',
  lang: 'en',
  base: BASE,
  srcDir: './dist/pages',
  outDir: './dist/html',
  cacheDir: './dist/cache',
  cleanUrls: false,
  metaChunk: true,
  // A page asks only for what it shows.
  router: { prefetchLinks: false },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (renderer) => {
      withoutInterpolation(renderer)
      withoutEmptyHeaders(renderer)
      focusIndentedCode(renderer)
    },
  },
  head: [['link', { rel: 'icon', href: `${BASE}icon.svg`, type: 'image/svg+xml' }]],
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Start', link: '/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Recipes', link: '/recipes/' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: sidebar(),
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    editLink: {
      // VitePress copies the text of this function into the pages, so it must not use names from outside.
      pattern: ({ frontmatter }) => String(frontmatter['editLink']),
      text: 'Improve this page',
    },
    footer: { message: 'Apache-2.0', copyright: 'The shardyfusion authors' },
  },
  vite: {
    plugins: [withoutUnusedComponents()],
    // The style of a search service that the theme imports in any case: 30 KB for every visitor.
    resolve: { alias: { '@docsearch/css': join(SITE, '.vitepress/theme/nothing.css') } },
    build: {
      // The search index and the reference are larger than the default bound, and load on demand.
      chunkSizeWarningLimit: 4096,
    },
  },
})
