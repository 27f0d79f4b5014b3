import { Injectable } from '@nestjs/common';
import { RoostError } from '../model/errors.js';
import { type ListedSession, Sessions } from './sessions.js';
import { isSamePerson, type Principal } from './principal.js';
import type { SessionView } from './auth.openapi.js';

/** Lists and ends sessions within the principal's permissions. */
@Injectable()
export class SessionsService {
  constructor(private readonly sessions: Sessions) {}

  /**
   * Returns the principal's sessions, or all for a principal that may manage users; newest first. `user`: filters by
   * user.
   */
  async list(principal: Principal, user?: string): Promise<SessionView[]> {
    const listed = await this.sessions.list(
      (session) => maySee(principal, session) && (user === undefined || session.identity.name === user),
    );
    return listed.map((session) => toView(session, principal));
  }

  /** @throws RoostError SESSION_NOT_FOUND, also for a session of another user. */
  async end(principal: Principal, id: string): Promise<{ user: string }> {
    const [found] = await this.sessions.list(
      (session, publicId) => publicId === id && maySee(principal, session),
    );
    if (found && (await this.sessions.endAll((_session, publicId) => publicId === id)) > 0)
      return { user: found.identity.name };
    throw new RoostError(
      'SESSION_NOT_FOUND',
      `There is no login ${id.replace(/[^\w-]/g, '').slice(0, 32)}, or it is not yours.`,
    );
  }

  /**
   * Ends all sessions of the principal, or of `user` for a principal that may manage users. Returns how many ended.
   * @param others spares the session that sent the request
   * @throws RoostError FORBIDDEN
   */
  async endAll(principal: Principal, { user, others }: { user?: string; others?: boolean }): Promise<number> {
    const isOwn = user === undefined || user === principal.name;
    if (!isOwn && !principal.permissions.has('users.manage')) {
      throw new RoostError(
        'FORBIDDEN',
        `This needs the permission users.manage, which ${principal.name} does not have: leave \`user\` out to end your own logins.`,
        undefined,
        { permission: 'users.manage' },
      );
    }
    return this.sessions.endAll(
      (session, id) =>
        (isOwn ? isOwnSession(principal, session) : session.identity.name === user) &&
        !(others === true && id === principal.sessionId),
    );
  }
}

const WAYS = { user: 'password', oidc: 'provider', emergency: 'break-glass' } as const;

type OfSomebody = Pick<ListedSession, 'identity'>;

function maySee(principal: Principal, session: OfSomebody): boolean {
  return principal.permissions.has('users.manage') || isOwnSession(principal, session);
}

function isOwnSession({ identity }: Principal, session: OfSomebody): boolean {
  return identity !== undefined && isSamePerson(identity, session.identity);
}

function toView(session: ListedSession, principal: Principal): SessionView {
  const { identity, publicId, startedAt, seenAt, endsAt, client, seenFrom } = session;
  return {
    id: publicId,
    user: identity.name,
    way: WAYS[identity.kind],
    current: publicId === principal.sessionId,
    startedAt: new Date(startedAt).toISOString(),
    startedFrom: client?.from || null,
    browser: client?.browser || null,
    lastSeenAt: new Date(seenAt).toISOString(),
    lastSeenFrom: seenFrom || null,
    endsAt: new Date(endsAt).toISOString(),
  };
}
