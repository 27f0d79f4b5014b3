import { drawTimes, readServerClock, formatClock } from './clock.js';
import { followStream, retryAfterMs } from './event-stream.js';
import { morphPage } from './morphing.js';
import { hasTyped, showSignedOut, updateCsrfToken } from './signed-out.js';

/** Interval between retries while the server does not answer, ms. */
const RETRY_MS = 2_000;

/** Timeout of a page request, ms. */
const FETCH_TIMEOUT_MS = 10_000;

/** Interval between refreshes without events, ms. A page about sources without events sets its own. */
const IDLE_MS = 5_000;

/** Delay before a finished stream is opened again if a fresh page names it, ms. It doubles each time. */
const REOPEN_MS = 10_000;
const MAX_REOPEN_MS = 600_000;

const state = {
  timer: 0,
  busy: false,
  again: false,
  drawnAt: 0,
  lastPage: '',
  /**
   * Start of the time without a redraw, and start of the time in which the server could not read Redis; 0 if
   * neither applies.
   */
  undrawnSince: 0,
  unreadSince: 0,
  leavingUntil: 0,
  idleTimer: 0,
  /** Current stream, its address, and whether it is connected. */
  stream: undefined,
  events: '',
  isOpen: false,
  /** Earliest time to reopen a finished stream. A refused stream is never reopened. */
  reopenAt: 0,
  reopens: 0,
};

/**
 * Updates the page live. Server-sent events announce a change; the page then fetches its own address again
 * and applies the differences. All rendering stays on the server.
 */
export function startLive() {
  addEventListener('beforeunload', () => (state.leavingUntil = Date.now() + FETCH_TIMEOUT_MS));
  const { events, idle } = document.body.dataset;
  if (events || idle) {
    updateDataAge(document);
    listen();
    // Hidden pages close their connection: browsers allow six per site, over all tabs.
    document.addEventListener('visibilitychange', () => (document.hidden ? disconnect() : onVisible()));
    // An open connection would prevent the browser from caching the page for its Back button.
    addEventListener('pagehide', disconnect);
    addEventListener('pageshow', (event) => event.persisted && onVisible());
    scheduleRefresh();
  } else if (document.querySelector('[data-retry]')) {
    setTimeout(refetch, RETRY_MS);
  }
}

/**
 * Follows the stream that the page names. A finished or refused stream is opened again only if a fresh page
 * names it.
 */
function listen() {
  const { events } = document.body.dataset;
  if (!events || document.hidden) return disconnect();
  if (state.stream && state.events === events) return;
  disconnect();
  state.events = events;
  state.isOpen = false;
  state.stream = followStream(events, {
    opened() {
      state.isOpen = true;
      show('live');
      schedule();
    },
    received: ({ name }) => name !== 'bye' && schedule(),
    lost() {
      state.isOpen = false;
      show('reconnecting');
      schedule();
    },
    // The redrawn page shows the reason of a refusal (signed out, forbidden, gone).
    ended(how) {
      state.reopenAt =
        how === 'refused' ? Infinity : Date.now() + Math.min(MAX_REOPEN_MS, REOPEN_MS * 2 ** state.reopens++);
      delete document.body.dataset.events;
      disconnect();
      schedule();
    },
  });
}

function disconnect() {
  state.stream?.close();
  state.stream = undefined;
  state.isOpen = false;
  if (!document.body.dataset.events) show('off', '');
}

/** Refreshes when the page becomes visible: its data may be outdated. */
function onVisible() {
  listen();
  showConnection();
  schedule();
}

/** Refreshes at intervals: ages and charts change without an event, and a lost event does no lasting harm. */
function scheduleRefresh() {
  clearTimeout(state.idleTimer);
  state.idleTimer = setTimeout(
    () => {
      if (!document.hidden) schedule();
      scheduleRefresh();
    },
    Number(document.body.dataset.idle) || IDLE_MS,
  );
}

/**
 * Follows the stream of a fresh page, which may be another one or none: a finished task sends no more events,
 * a retried one does again.
 */
function updateStream({ events = '', idle = '', every = '' }) {
  const mine = document.body.dataset;
  const tooSoon = events === state.events && !mine.events && Date.now() < state.reopenAt;
  for (const [name, value] of Object.entries({ events: tooSoon ? '' : events, idle, every })) {
    if (value === '') delete mine[name];
    else mine[name] = value;
  }
  listen();
}

/** Schedules a redraw, at most as often as the page allows. Changes during a redraw cause one more. */
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
    markStale('The server does not answer.');
  }
  state.busy = false;
  if (state.again) schedule();
}

async function draw() {
  const response = await fetch(document.body.dataset.page ?? location.href, {
    // Marks the request as automatic, so that an open page does not extend the login.
    headers: { accept: 'text/html', 'x-roost-refetch': '1' },
    cache: 'no-store',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  // The login has ended, here or elsewhere. Shows the login page, unless the user has typed something on this
  // one.
  if (response.status === 401) {
    if (!hasTyped()) return location.reload();
    showSignedOut();
    return show('off', '');
  }
  const retryAfter = retryAfterMs(response.headers.get('retry-after'), Date.now());
  if (response.status === 429) return markStale('Too many requests to the server.', retryAfter);
  if (response.status === 503) return markStale(reasonIn(await response.text()), retryAfter);
  if (response.status >= 500) return markStale('The server could not render this page.', retryAfter);
  const html = await response.text();
  const page = new DOMParser().parseFromString(html, 'text/html');
  if (document.querySelector('[data-retry]') || !sameKind(page)) {
    // A reload would cancel a navigation in progress, such as that of the delete that changed the page.
    if (Date.now() > state.leavingUntil) location.reload();
    return;
  }
  clearStale();
  // A stream that was refused without a login can be opened again.
  if (updateCsrfToken(page)) state.reopenAt = 0;
  updateStream(page.body.dataset);
  updateDataAge(page);
  readServerClock(page);
  if (html !== state.lastPage && morphPage(page)) state.lastPage = html;
  drawTimes();
}

/** Returns true if the fresh page is of the same kind. A deleted task answers with another page. */
function sameKind(page) {
  const ids = (one) => [...one.querySelectorAll('[data-live]')].map((part) => part.id).join();
  return ids(page) === ids(document);
}

/** Returns the title of an error page. */
function reasonIn(html) {
  const page = new DOMParser().parseFromString(html, 'text/html');
  const title = page.querySelector('#error-page h1')?.textContent.trim();
  return title ? `${title}.` : page.body.dataset.staleWhy || 'Redis does not answer.';
}

/**
 * Shows the age of the data if the server could render the page but not read Redis. The page itself describes
 * the data it shows.
 */
function updateDataAge(page) {
  const since = Number(page.body.dataset.staleSince) || 0;
  const wasUnread = state.unreadSince > 0;
  state.unreadSince = since;
  if (since) {
    show('stale', `stale since ${formatClock(since)}`);
    setTimeout(schedule, RETRY_MS);
  } else if (wasUnread) showConnection();
}

/** Greys out the last data with the time of their last update, and retries until the server answers. */
function markStale(why, retryAfter = RETRY_MS) {
  state.undrawnSince ||= Date.now();
  const since = formatClock(state.undrawnSince);
  // A page without data has none to grey out.
  if (!document.querySelector('[data-retry], .empty-broken')) {
    const banner = document.getElementById('stale');
    banner.querySelector('.text').textContent =
      `${why} The data shown is from ${since}. The page updates itself once it can.`;
    banner.hidden = false;
    document.body.classList.add('is-stale');
  }
  show('stale', `stale since ${since}`);
  setTimeout(schedule, Math.max(RETRY_MS, retryAfter));
}

function clearStale() {
  if (!state.undrawnSince) return;
  state.undrawnSince = 0;
  document.getElementById('stale').hidden = true;
  document.body.classList.remove('is-stale');
  state.stream?.retryNow();
  showConnection();
}

function showConnection() {
  show(state.isOpen ? 'live' : state.stream ? 'reconnecting' : 'off');
}

function show(name, word = name) {
  const sign = document.getElementById('live');
  if ((state.undrawnSince || state.unreadSince) && name !== 'stale') return;
  sign.dataset.liveState = name;
  const text = sign.querySelector('.word');
  if (text.textContent !== word) text.textContent = word;
}
