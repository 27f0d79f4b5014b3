import { axis } from './chart-axis.mjs';

const WIDTH = 800;
const HEIGHT = 420;
const PLOT = { left: 74, right: 610, top: 60, bottom: 310 };
const LABEL_GAP = 17;
const FOOTER_CHARS = 115;
/** Hues that the colour-blind tell apart, each dark enough on white and light enough on black. */
const LIGHT = ['#0b62c4', '#b45309', '#0f766e', '#7c3aed'];
const DARK = ['#6cb2ff', '#f5a742', '#4fd1c0', '#b79bff'];

/**
 * Lines as one SVG file that stands by itself: it brings its own background and follows the reader's light or dark theme
 * without a script. `series`: `[{ name, points: [[x, y]], dashed?, dots? }]`, at most four. `footer`: on what it was measured.
 */
export function drawChart({ title, x, y, series, footer = [] }) {
  const all = series.flatMap(({ points }) => points);
  const across = axis({
    tight: true,
    ...x,
    values: all.map(([value]) => value),
    from: PLOT.left,
    to: PLOT.right,
  });
  const up = axis({ ...y, values: all.map(([, value]) => value), from: PLOT.bottom, to: PLOT.top });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${style(series.length)}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(PLOT.left, 28, title, 'head'),
    text(PLOT.left, 48, y.label, 'dim'),
    text(PLOT.right, PLOT.bottom + 40, x.label, 'dim end'),
    ...up.ticks.flatMap((tick) => [
      line(PLOT.left, up.at(tick), PLOT.right, up.at(tick), 'grid'),
      text(PLOT.left - 8, up.at(tick) + 4, number(tick), 'end'),
    ]),
    ...across.ticks.flatMap((tick) => [
      line(across.at(tick), PLOT.bottom, across.at(tick), PLOT.bottom + 5, 'tick'),
      text(across.at(tick), PLOT.bottom + 20, number(tick), 'middle'),
    ]),
    line(PLOT.left, PLOT.bottom, PLOT.right, PLOT.bottom, 'tick'),
    ...series.flatMap((one, i) => curve(one, i, across, up)),
    ...names(series, up),
    ...foot(footer),
    '</svg>',
    '',
  ].join('\n');
}

function curve({ points, dashed, dots }, i, across, up) {
  const places = points.map(([px, py]) => [round(across.at(px)), round(up.at(py))]);
  const path = places.map((place) => place.join(',')).join(' ');
  return [
    `<polyline class="c${i}${dashed ? ' dashed' : ''}" points="${path}"/>`,
    ...(dots ? places.map(([cx, cy]) => `<circle class="c${i}" cx="${cx}" cy="${cy}" r="3.5"/>`) : []),
  ];
}

/** At the right edge, each beside the end of its line with its last value, and none over another. */
function names(series, up) {
  const placed = series
    .map(({ name, points }, i) => ({ name, i, value: points.at(-1)[1], at: up.at(points.at(-1)[1]) + 4 }))
    .sort((a, b) => a.at - b.at);
  placed.forEach((one, i) => {
    if (i > 0) one.at = Math.max(one.at, placed[i - 1].at + LABEL_GAP);
  });
  // Labels that were pushed under the axis go up again, and the others with them.
  placed.toReversed().forEach((one, i, list) => {
    const most = i === 0 ? PLOT.bottom : list[i - 1].at - LABEL_GAP;
    one.at = Math.min(one.at, most);
  });
  return placed.map(({ name, i, value, at }) =>
    text(PLOT.right + 10, at, `${name} ${number(value)}`, `name n${i}`),
  );
}

/** Long lines are broken after a comma. */
function foot(footer) {
  const lines = footer.flatMap((whole) => {
    const broken = [''];
    for (const part of whole.split(/(?<=, )/)) {
      if ((broken.at(-1) + part).length > FOOTER_CHARS) broken.push('');
      broken.push(broken.pop() + part);
    }
    return broken;
  });
  return lines.map((one, i) => text(16, HEIGHT - 14 - 15 * (lines.length - 1 - i), one.trim(), 'foot'));
}

function style(count) {
  const colours = (list) =>
    list
      .slice(0, count)
      .map((colour, i) => `.c${i}{stroke:${colour}}circle.c${i},.n${i}{fill:${colour}}`)
      .join('');
  return [
    'text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328;font-variant-numeric:tabular-nums}',
    'text.head{font-size:16px;font-weight:600}text.dim,text.foot{fill:#59636e}text.foot{font-size:11px}',
    'text.end{text-anchor:end}text.middle{text-anchor:middle}text.name{font-weight:600}',
    '.ground{fill:#fff}.grid{stroke:#d8dee4}.tick{stroke:#818b98}',
    'polyline{fill:none;stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:6 5}',
    colours(LIGHT),
    '@media (prefers-color-scheme:dark){text{fill:#e6edf3}text.dim,text.foot{fill:#9198a1}',
    `.ground{fill:#0d1117}.grid{stroke:#2a313c}.tick{stroke:#656c76}${colours(DARK)}}`,
  ].join('');
}

const text = (x, y, words, names) =>
  `<text class="${names}" x="${round(x)}" y="${round(y)}">${escape(words)}</text>`;

const line = (x1, y1, x2, y2, names) =>
  `<line class="${names}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;

const round = (value) => Math.round(value * 10) / 10;

const number = (value) =>
  value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) >= 10 ? 0 : 2 });

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (words) => words.replace(/[&<>"]/g, (char) => ENTITIES[char]);
