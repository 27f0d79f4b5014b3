/** Time after a touch or a scroll in which lists do not move, ms: the finger is still near. */
const QUIET_MS = 3_000;

const state = { paused: false, quietAt: 0, timer: 0 };

/** @param release called when a reason to hold a list may be over. */
export function startHolding(release) {
  const rest = () => {
    state.quietAt = Date.now() + QUIET_MS;
    clearTimeout(state.timer);
    state.timer = setTimeout(release, QUIET_MS);
  };
  for (const type of ['touchstart', 'touchend', 'touchcancel', 'scroll'])
    addEventListener(type, (event) => (type === 'scroll' && !isTouchScreen() ? release(event) : rest()), {
      passive: true,
    });
  const button = document.getElementById('pause');
  if (!button || !document.body.matches('[data-events], [data-idle], [data-every]')) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    state.paused = !state.paused;
    button.setAttribute('aria-pressed', String(state.paused));
    document.documentElement.classList.toggle('is-paused', state.paused);
    release();
  });
}

/** Returns true if the user has paused the page. */
export function isPaused() {
  return state.paused;
}

/**
 * Returns true while rows must not move because the user points at them, or may be about to: a click would
 * hit another row.
 */
export function isListHeld(list) {
  return (
    (matchMedia('(hover: hover)').matches && list.matches(':hover')) ||
    list.contains(document.activeElement) ||
    list.querySelector('td input:checked, details.popover[open]') !== null ||
    (isTouchScreen() && Date.now() < state.quietAt) ||
    isScrolled(list)
  );
}

/** Returns true if text of the part is selected. */
export function isSelecting(part) {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
}

/**
 * Returns true if the top of the list is out of sight, or the page on a touch screen was scrolled to its
 * rows.
 */
function isScrolled(list) {
  if (scrollY === 0) return false;
  const bar = document.querySelector('.topbar')?.getBoundingClientRect().bottom ?? 0;
  return isTouchScreen() || list.getBoundingClientRect().top < bar;
}

function isTouchScreen() {
  return matchMedia('(hover: none)').matches;
}
