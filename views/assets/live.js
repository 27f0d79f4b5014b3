import { drawTimes, readServerClock, sayClock } from './clock.js';
import { morphPage } from './morphing.js';

/** Between two tries to reach a server that does not answer. */
const RETRY_MS = 2_000;

/** A server that has not answered by then is taken for silent. */
const PATIENCE_MS = 10_000;

/** Between two looks while nothing is heard; a page on what sends no events says how often it wants to look. */
const IDLE_MS = 5_000;

const state = {
  timer: 0,
  busy: false,
  again: false,
  drawnAt: 0,
  lastPage: '',
  staleSince: 0,
  leavingUntil: 0,
  source: undefined,
};

/**
 * Keeps the page true: server-sent events say that something changed, and the page asks for its own
 * address again and takes over what differs. So there is one drawing of everything, the server's.
 */
export function startLive() {
  const { events } = document.body.dataset;
  addEventListener('beforeunload', () => (state.leavingUntil = Date.now() + PATIENCE_MS));
  if (events) {
    listen(events);
    // A hidden page holds no connection: browsers allow six a site, over all tabs.
    document.addEventListener('visibilitychange', () => (document.hidden ? hush() : listen(events)));
    // Ages and charts move on without any event, and an event that got lost does no lasting harm.
    setInterval(() => document.hidden || schedule(), Number(document.body.dataset.idle) || IDLE_MS);
  } else if (document.querySelector('[data-retry]')) {
    setTimeout(refetch, RETRY_MS);
  }
}

function listen(events) {
  hush();
  const source = new EventSource(events);
  state.source = source;
  source.addEventListener('open', () => {
    show('live');
    schedule();
  });
  source.addEventListener('error', () => {
    if (!state.staleSince) show('reconnecting');
    // A refused connection is not tried again by the browser itself.
    if (source.readyState === EventSource.CLOSED)
      setTimeout(() => state.source === source && listen(events), RETRY_MS);
    schedule();
  });
  for (const name of ['snapshot', 'change', 'progress', 'log', 'state', 'removed'])
    source.addEventListener(name, schedule);
  source.addEventListener('bye', () => {
    show('reconnecting');
    schedule();
    source.close();
    setTimeout(() => state.source === source && listen(events), RETRY_MS);
  });
}

function hush() {
  state.source?.close();
  state.source = undefined;
}

/** Draws soon, but not more often than the page allows; what comes while one draw is under way draws once more. */
function schedule() {
  if (state.busy) state.again = true;
  else if (!state.timer) {
    const everyMs = Number(document.body.dataset.every) || 1_000;
    state.timer = setTimeout(refetch, Math.max(0, state.drawnAt + everyMs - Date.now()));
  }
}

async function refetch() {
  state.timer = 0;
  state.busy = true;
  state.again = false;
  state.drawnAt = Date.now();
  try {
    await draw();
  } catch {
    goStale('The server does not answer.');
  }
  state.busy = false;
  if (state.again) schedule();
}

async function draw() {
  const response = await fetch(location.href, {
    // It is the page that asks, and nobody's use of it: a login is not to last as long as a page stands open.
    headers: { accept: 'text/html', 'x-roost-refetch': '1' },
    cache: 'no-store',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  // The login has ended, here or elsewhere: the door stands where this page was.
  if (response.status === 401) return location.reload();
  if (response.status === 503) return goStale('Redis does not answer.');
  if (response.status >= 500) return goStale('The server could not draw this page.');
  const html = await response.text();
  const page = new DOMParser().parseFromString(html, 'text/html');
  if (document.querySelector('[data-retry]') || !sameKind(page)) {
    // A reload would overtake the click or the form that takes the reader elsewhere, such as the delete that made the page another.
    if (Date.now() > state.leavingUntil) location.reload();
    return;
  }
  comeBack();
  readServerClock(page);
  if (html !== state.lastPage) morphPage(page);
  state.lastPage = html;
  drawTimes();
}

/** A task that was deleted in the meantime answers with another page altogether. */
function sameKind(page) {
  const ids = (one) => [...one.querySelectorAll('[data-live]')].map((part) => part.id).join();
  return ids(page) === ids(document);
}

/** The last known numbers stay, greyed, with since when; it asks again until there are new ones. */
function goStale(why) {
  state.staleSince ||= Date.now();
  const since = sayClock(state.staleSince);
  // A page that came without numbers has none to show greyed.
  if (!document.querySelector('[data-retry], .empty-broken')) {
    const banner = document.getElementById('stale');
    banner.querySelector('.text').textContent =
      `${why} Shown is what was known at ${since}; it comes up to date by itself.`;
    banner.hidden = false;
    document.body.classList.add('is-stale');
  }
  show('stale', `stale since ${since}`);
  setTimeout(schedule, RETRY_MS);
}

function comeBack() {
  if (!state.staleSince) return;
  state.staleSince = 0;
  document.getElementById('stale').hidden = true;
  document.body.classList.remove('is-stale');
  show(state.source?.readyState === EventSource.OPEN ? 'live' : 'reconnecting');
}

function show(name, word = name) {
  const sign = document.getElementById('live');
  if (state.staleSince && name !== 'stale') return;
  sign.dataset.liveState = name;
  const text = sign.querySelector('.word');
  if (text.textContent !== word) text.textContent = word;
}
