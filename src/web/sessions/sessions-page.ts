import type { SessionView } from '../../auth/auth.openapi.js';
import type { Principal } from '../../auth/principal.js';
import type { FormError } from '../kit/form-error.js';

interface SessionRow extends SessionView {
  where: string;
  wayWords: string;
}

export interface SessionsPage {
  own: SessionRow[];
  /** True if there are sessions besides the current one. */
  hasOthers: boolean;
  /** Sessions of other users, for an administrator. */
  ofOthers: SessionRow[];
  /** Names in `ofOthers`, each once. */
  people: string[];
  isSignedIn: boolean;
  trouble?: FormError;
}

const WAY_WORDS: Record<SessionView['way'], string> = {
  password: 'with a password',
  provider: 'at the provider',
  'break-glass': 'by break glass',
};

/** @param sessions those that the principal may see. */
export function toSessionsPage(
  sessions: SessionView[],
  principal: Principal,
  trouble?: FormError,
): SessionsPage {
  const rows = sessions.map((session) => ({
    ...session,
    where: locationLabel(session),
    wayWords: WAY_WORDS[session.way],
  }));
  const own = rows.filter(({ user }) => user === principal.name);
  const ofOthers = rows.filter(({ user }) => user !== principal.name);
  return {
    own,
    hasOthers: own.some(({ current }) => !current),
    ofOthers,
    people: [...new Set(ofOthers.map(({ user }) => user))],
    isSignedIn: principal.via === 'session',
    trouble,
  };
}

/** Formats the address of the last use, and that of the login if it differs. */
function locationLabel({ startedFrom, lastSeenFrom }: SessionView): string {
  if (lastSeenFrom === null || lastSeenFrom === startedFrom) return startedFrom ?? 'not known';
  return startedFrom === null ? lastSeenFrom : `${lastSeenFrom}, begun at ${startedFrom}`;
}
