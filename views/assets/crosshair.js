/** Distance from which a press is a drag instead of a click, pixels. */
const MIN_DRAG = 8;

const state = { index: -1, from: -1, startX: 0, isDragging: false };

/** Moves one line over all charts of the overview, reads its time aloud, and zooms into a dragged span. */
export function startCrosshair() {
  if (!area()) return;
  document.addEventListener('pointermove', onMove);
  document.addEventListener('pointerdown', onDown);
  document.addEventListener('pointerup', onUp);
  document.addEventListener('pointercancel', () => (state.from = -1));
  document.addEventListener('keydown', onKey);
  // A drag over links would drag the link, and its end would follow it.
  document.addEventListener('dragstart', (event) => area()?.contains(event.target) && event.preventDefault());
  document.addEventListener('click', onClick, true);
  document.addEventListener('roost:drawn', () => show(state.index));
}

function area() {
  return document.getElementById('crosshair-area');
}

function charts() {
  return [...area().querySelectorAll('svg.chart')];
}

function barsOf(chart) {
  return [...chart.querySelectorAll('a.bar')];
}

function onMove(event) {
  if (!area()?.contains(event.target)) {
    if (
      state.from < 0 &&
      event.pointerType === 'mouse' &&
      state.index >= 0 &&
      document.activeElement !== area()
    )
      show(-1);
    return;
  }
  state.isDragging ||= state.from >= 0 && Math.abs(event.clientX - state.startX) >= MIN_DRAG;
  show(indexAt(event.clientX));
}

function indexAt(x) {
  const [first] = charts();
  const { left, width } = first.getBoundingClientRect();
  const count = barsOf(first).length;
  return Math.min(count - 1, Math.max(0, Math.floor(((x - left) / width) * count)));
}

function onDown(event) {
  if (!area()?.contains(event.target) || event.button !== 0) return;
  state.isDragging = false;
  // A finger that moves scrolls the page; it reads the charts with a tap.
  state.from = event.pointerType === 'mouse' ? indexAt(event.clientX) : -1;
  state.startX = event.clientX;
  show(indexAt(event.clientX));
}

function onUp(event) {
  const { from, isDragging } = state;
  state.from = -1;
  if (from < 0 || !isDragging) return;
  const to = indexAt(event.clientX);
  zoom(Math.min(from, to), Math.max(from, to));
}

/** Follows a link of a chart only after a click without a drag, and not after a tap, which reads it. */
function onClick(event) {
  if (!area()?.contains(event.target)) return;
  if (state.isDragging || event.pointerType === 'touch') event.preventDefault();
  state.isDragging = false;
}

function onKey(event) {
  if (event.target !== area()) return;
  const count = barsOf(charts()[0]).length;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) show(Math.min(count - 1, Math.max(0, (state.index < 0 ? count - 1 : state.index) + step)));
  else if (event.key === 'Enter' && state.index >= 0)
    location.assign(barsOf(charts()[0])[state.index].getAttribute('href'));
  else if (event.key === 'Escape') show(-1);
  else return;
  event.preventDefault();
}

function zoom(from, to) {
  const bars = barsOf(charts()[0]);
  const url = new URL(location.href);
  url.searchParams.delete('range');
  url.searchParams.set('from', bars[from].dataset.at);
  url.searchParams.set('to', bars[to].dataset.to);
  location.assign(url);
}

/** Places the line and the readout at a bar; hides them at -1. */
function show(index) {
  state.index = index;
  const line = document.getElementById('crosshair');
  const readout = document.getElementById('readout');
  if (!line || !readout) return;
  line.hidden = index < 0;
  if (index < 0) return;
  const [first] = charts();
  const bars = barsOf(first);
  const chart = first.getBoundingClientRect();
  const place = area().getBoundingClientRect();
  const start = state.isDragging ? Math.min(state.from, index) : index;
  const end = state.isDragging ? Math.max(state.from, index) : index;
  const step = chart.width / bars.length;
  const isSpan = end > start;
  line.style.left = `${chart.left - place.left + (isSpan ? start : start + 0.4) * step}px`;
  line.classList.toggle('is-span', isSpan);
  line.style.width = isSpan ? `${(end - start + 1) * step}px` : '1px';
  const titles = charts().map((one) => barsOf(one)[index]?.querySelector('title')?.textContent ?? '');
  // Each title begins with the same time.
  const [time] = titles[0].split(': ');
  const parts = titles.map((title) => title.slice(title.indexOf(': ') + 2));
  const names = ['', ...[...area().querySelectorAll('.chart-title')].map((title) => `${title.textContent} `)];
  readout.textContent = `${time}: ${parts.map((part, i) => names[i] + part).join(' · ')}`;
}
