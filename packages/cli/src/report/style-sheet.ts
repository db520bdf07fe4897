/** Uses the color scheme and the fonts of the reader's system. */
export const STYLE_SHEET = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1c2430; --soft: #5b6676; --line: #e3e7ed;
  --bar: #3b6fd4; --accent: #0f9d76; --warn: #d9822b; --muted: #b9c4d6; --mark: #c2410c; --track: #eef1f5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1a2029; --ink: #e7ecf3; --soft: #98a4b5; --line: #2a323e;
    --bar: #6d9cf5; --accent: #34c79a; --warn: #f0a658; --muted: #46536a; --mark: #fb923c; --track: #232b36;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2.5rem 1.25rem 3rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
}
main { max-width: 1120px; margin: 0 auto; }
header { margin-bottom: 1.75rem; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .87em; }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin: 0 0 1rem; padding: 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; }
.tile dt { color: var(--soft); font-size: .8rem; }
.tile dd { margin: .1rem 0 0; font-size: 1.5rem; font-weight: 600; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }
.tile small { display: block; color: var(--soft); font-size: .8rem; font-weight: 400; letter-spacing: 0; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem 1rem; min-width: 0; }
section.wide { grid-column: 1 / -1; }
h2 { margin: 0; font-size: 1.02rem; letter-spacing: -.005em; }
section > p { margin: .1rem 0 .8rem; color: var(--soft); font-size: .88rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); stroke-width: 1; }
.base { stroke: var(--soft); stroke-width: 1; opacity: .55; }
.bar { fill: var(--bar); } .accent { fill: var(--accent); } .warn { fill: var(--warn); } .muted { fill: var(--muted); }
.track { fill: var(--track); }
.target { fill: transparent; }
g:hover > .bar, g:hover > .accent, g:hover > .warn, g:hover > .muted { filter: brightness(1.15); }
.mark { stroke: var(--mark); stroke-width: 1.25; stroke-dasharray: 5 4; }
svg text.mark-label { fill: var(--mark); font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
table { width: 100%; border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
.scroll, .chart { overflow-x: auto; }
.change { color: var(--soft); white-space: nowrap; }
th { text-align: left; color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--line); padding: .35rem .9rem .35rem 0; white-space: nowrap; }
td { border-bottom: 1px solid var(--line); padding: .35rem .9rem .35rem 0; white-space: nowrap; }
td:last-child .mono { white-space: normal; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; }
.badge { display: inline-block; border-radius: 99px; padding: 0 .55rem; font-size: .75rem; font-weight: 600; color: var(--card); background: var(--accent); }
.badge.plain { color: var(--ink); background: var(--track); }
.empty { color: var(--soft); }
details > summary { cursor: pointer; font-weight: 600; font-size: 1.02rem; }
details[open] > summary { margin-bottom: .6rem; }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .82rem; }
@media (max-width: 600px) {
  body { padding: 1.25rem .75rem 2rem; font-size: 16px; }
  h1 { font-size: 1.4rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .tile { padding: .6rem .75rem; } .tile dd { font-size: 1.2rem; }
  section { padding: .9rem .8rem .8rem; }
  /* Charts scroll sideways, because their labels cannot be read below this width. */
  .chart svg { width: 640px; }
  /* A shadow at the right end shows that there is more; it scrolls out of sight at the end. */
  .chart {
    background:
      linear-gradient(to left, var(--card) 35%, transparent) right / 48px 100% no-repeat local,
      linear-gradient(to left, var(--muted), transparent) right / 16px 100% no-repeat scroll;
  }
}
@media print { body { background: #fff; padding: 0; } section, .tile { break-inside: avoid; } }
`.trim()
