/** One page of the site. */
export interface Page {
  /** Address without ending, for example `/write`; `/` is the first page. */
  readonly link: string
  readonly title: string
  /** One sentence, for `llms.txt` and the description of the page. */
  readonly about: string
  /** The Markdown file, from the root of the repository. */
  readonly from: string
}

/** A titled group of pages in the sidebar. */
export interface Section {
  readonly title: string
  readonly pages: readonly Page[]
}

/** A page of `site/pages`, in the file of its link. */
function own(link: string, title: string, about: string): Page {
  return { link, title, about, from: `site/pages${link.endsWith('/') ? `${link}index` : link}.md` }
}

/** A page from a document that is stored next to the code it describes. */
function document(link: string, title: string, about: string, from?: string): Page {
  const name = link.split('/').at(-1)
  return { link, title, about, from: from ?? `packages/core/docs/${name}.md` }
}

/** Every page except the generated reference, in the order of the sidebar. A file that is missing here is an orphan. */
export const SECTIONS: readonly Section[] = [
  {
    title: 'Start',
    pages: [
      own('/', 'Start', 'Install, publish a table, look a key up: five minutes.'),
      own(
        '/concepts',
        'Concepts',
        'Snapshots, shards, manifests and the pointer, in two pictures.',
      ),
      own('/playground', 'Playground', 'A snapshot of 135,233 cities, read by your browser.'),
    ],
  },
  {
    title: 'Use',
    pages: [
      own('/write', 'Write', 'From rows to a published snapshot: options, keys, values, sharding.'),
      own('/update', 'Update', 'The next snapshot from the current one and a list of changes.'),
      document(
        '/update/updates',
        'Rules of updates',
        'Deletes, conflicts, resumption and cleanup of updates.',
      ),
      own('/read', 'Read', 'Lookups, batches, refresh, and the options of readers.'),
      own('/scan', 'Scan', 'Ranges and prefixes in key order, and whole chunks.'),
      own('/search', 'Search', 'Vector search in the same snapshots, exact and fast.'),
      own('/errors', 'Errors and limits', 'One error class with codes, memory use, and limits.'),
      own('/input', 'Input files', 'Rows from Parquet, Arrow and SQL cursors.'),
    ],
  },
  {
    title: 'Storage and engines',
    pages: [
      own('/storage', 'Storage', 'Folders, S3, HTTP, memory, your own store, and catalogs.'),
      document('/storage/s3', 'S3', 'Connections, credentials, timeouts and requests of S3.'),
      own('/storage/postgres', 'PostgreSQL', 'Manifests and the pointer in PostgreSQL.'),
      document(
        '/storage/cache',
        'Local cache',
        'Ranges of shards in local files, shared by processes.',
      ),
      own('/engines', 'Engines', 'SlateDB, SQLite, vectors, and your own engine.'),
      document(
        '/engines/sqlite',
        'SQLite shards',
        'Shards that are SQLite files: when, how, and their costs.',
      ),
      own(
        '/engines/slatedb-wasm',
        'slatedb-wasm',
        'SlateDB as a WebAssembly module, useful without the rest.',
      ),
      own(
        '/engines/sqlite-file',
        'sqlite-file',
        'SQLite files in plain TypeScript, useful without the rest.',
      ),
    ],
  },
  {
    title: 'Operate',
    pages: [
      own('/operate', 'Operate', 'History, rollback, cleanup, verification, events and metrics.'),
      own('/metrics', 'Metrics, traces, logs', 'Exporters for Prometheus, OpenTelemetry and logs.'),
      own('/clusters', 'Clusters', 'One machine or many: workers, tasks, Spark, Ray and Dask.'),
      document('/clusters/tasks', 'Tasks', 'The contract of a task, and the functions around it.'),
      document(
        '/clusters/scaling',
        'Scaling',
        'Measurements of workers, and when to use more machines.',
      ),
      own('/testing', 'Testing', 'Helpers and conformance suites for your tests.'),
    ],
  },
  {
    title: 'Other ways in',
    pages: [
      own(
        '/without-await',
        'Without await',
        'The same classes and functions for synchronous code.',
      ),
      own('/command-line', 'Command line', 'The command shardy.'),
      own('/serve', 'Serve other languages', 'Lookups over HTTP and the Redis protocol.'),
      own('/browser-and-edge', 'Browser and edge', 'Read snapshots over HTTP without Node.'),
      own(
        '/where-it-runs',
        'Where it runs',
        'Runtimes, bundlers, test runners and installers that are tried.',
      ),
      document('/browser-and-edge/bundlers', 'Bundlers', 'A recipe for each bundler.'),
      own(
        '/from-python',
        'From Python',
        'The same bytes as the Python project, and the differences.',
      ),
    ],
  },
  {
    title: 'Recipes',
    pages: [
      own('/recipes/', 'Recipes', 'Small projects for the places where programs run.'),
      own('/recipes/lambda', 'AWS Lambda', 'A lookup function in one file.'),
      own('/recipes/nextjs', 'Next.js', 'A route handler that looks keys up.'),
      own('/recipes/vite', 'Vite', 'A page that reads a snapshot over HTTP.'),
      own('/recipes/cloudflare-workers', 'Cloudflare Workers', 'A worker that looks keys up.'),
      own('/recipes/docker', 'Docker', 'A lookup service in a small image.'),
      own('/recipes/kubernetes', 'Kubernetes', 'A nightly build and a lookup service.'),
      own('/recipes/jest', 'Jest', 'Tests of code that reads snapshots.'),
    ],
  },
  {
    title: 'Background',
    pages: [
      document('/wire-format', 'Wire format', 'Every byte of a snapshot.'),
      document('/cost-model', 'Cost model', 'Costs of rows, lookups, shards and requests.'),
      document(
        '/benchmarks',
        'Benchmarks',
        'All measured figures, also the missed ones.',
        'bench/results/README.md',
      ),
      document('/architecture', 'Architecture', 'A build, a lookup and a scan through the files.'),
      document('/decisions', 'Decisions', 'The choices that a newcomer would question.'),
      document(
        '/security',
        'Security',
        'Guarantees, trust, and how to report a problem.',
        'SECURITY.md',
      ),
    ],
  },
]

/** The pages of all sections. */
export const PAGES: readonly Page[] = SECTIONS.flatMap(({ pages }) => pages)
