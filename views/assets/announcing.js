/** Interval between announcements of progress, percent. */
const STEP_PERCENT = 25;
/** Minimum interval between announcements of progress, ms. */
const MIN_INTERVAL_MS = 10_000;

const announced = { state: undefined, step: 0, at: 0 };

/**
 * Announces changes on a task's page to screen readers: its state, and every quarter of its progress. The
 * region is outside the redrawn parts, because a live region that is replaced announces nothing.
 */
export function startAnnouncing() {
  announced.state = stateOf();
  announced.step = stepOf();
  document.addEventListener('roost:drawn', announceChanges);
}

export function announce(text) {
  const region = document.getElementById('announcements');
  if (!region) return;
  // Screen readers ignore the same text a second time, so its element is replaced.
  region.replaceChildren(Object.assign(document.createElement('p'), { textContent: text }));
}

function announceChanges() {
  const state = stateOf();
  if (state === undefined) return;
  const step = stepOf();
  if (state !== announced.state) {
    const name = document.querySelector('#task-head h1').textContent.trim().replace(/\s+/g, ' ');
    const error = document.getElementById('error-message')?.textContent.trim().slice(0, 200);
    const ran = document.querySelector('#task-state .ran')?.textContent.trim();
    const detail =
      state === 'failed' && error ? `: ${error}` : state === 'completed' && ran ? ` in ${ran}` : '';
    announce(`${name} is ${state}${detail}`);
    Object.assign(announced, { state, step, at: Date.now() });
  } else if (step > announced.step && step < 100 && Date.now() >= announced.at + MIN_INTERVAL_MS) {
    announce(`${step} percent done`);
    Object.assign(announced, { step, at: Date.now() });
  } else if (step < announced.step) announced.step = step;
}

function stateOf() {
  return document.querySelector('#task-state .state .word')?.textContent.trim();
}

function stepOf() {
  const bar = document.getElementById('progress-bar');
  return bar?.hasAttribute('value') ? Math.floor(bar.value / STEP_PERCENT) * STEP_PERCENT : 0;
}
