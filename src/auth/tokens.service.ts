import { Injectable } from '@nestjs/common';
import { RoostError, type FieldProblem } from '../model/errors.js';
import { nearName } from '../model/near-name.js';
import { type ApiToken, ApiTokens } from './api-tokens.js';
import { factsOf, isPermission, type Permission, PERMISSION_NAMES, permissionsOf } from './permissions.js';
import { Roles } from './roles.js';
import { isSamePerson, type Principal } from './principal.js';
import type { TokenView } from './auth.openapi.js';

const NAME = /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u;
const MAX_DAYS = 3660;
const DAY_MS = 86_400_000;

export interface TokenRequest {
  name: unknown;
  permissions: unknown;
  /** Days from now; omitted or null: valid until revoked. */
  expiresInDays?: unknown;
}

/** Creates, lists and revokes API tokens within the principal's permissions. */
@Injectable()
export class TokensService {
  constructor(
    private readonly tokens: ApiTokens,
    private readonly roles: Roles,
  ) {}

  /** Returns the permissions that the principal may give to a token. */
  listGrantable({ permissions }: Principal): Permission[] {
    return PERMISSION_NAMES.filter((name) => permissions.has(name) && !factsOf(name).peopleOnly);
  }

  /**
   * Creates a token. Returns its secret, which is not readable later.
   * @throws RoostError REQUEST_INVALID with every problem at once.
   */
  async create(principal: Principal, request: TokenRequest): Promise<{ token: TokenView; secret: string }> {
    const maker = principal.identity;
    if (maker?.kind === 'emergency') {
      throw new RoostError(
        'REQUEST_INVALID',
        'A break-glass login makes no API tokens: they would outlive it.',
      );
    }
    if (!maker || principal.via !== 'session') {
      throw new RoostError(
        'REQUEST_INVALID',
        'API tokens belong to people: add a user first (npm run user -- add <name> --role admin), and sign in.',
      );
    }
    const problems: FieldProblem[] = [];
    const name = typeof request.name === 'string' ? request.name.trim() : '';
    if (!NAME.test(name)) problems.push({ path: 'name', message: 'must be text of 1 to 64 characters' });
    const scopes = this.readScopes(request.permissions, this.listGrantable(principal), problems);
    const days = request.expiresInDays ?? null;
    if (days !== null && !(Number.isInteger(days) && Number(days) >= 1 && Number(days) <= MAX_DAYS)) {
      problems.push({
        path: 'expiresInDays',
        message: `must be a whole number of days from 1 to ${MAX_DAYS}, or null for no end`,
      });
    }
    if (problems.length > 0) {
      const words = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
      throw new RoostError('REQUEST_INVALID', words, problems);
    }
    const expiresAt = days === null ? null : Date.now() + Number(days) * DAY_MS;
    const { token, secret } = await this.tokens.create(maker, { name, scopes, expiresAt });
    return { token: this.toView(token), secret };
  }

  /** Returns the principal's tokens, or all for a principal that may manage them; newest first. */
  async list(principal: Principal): Promise<TokenView[]> {
    const all = await this.tokens.list();
    return all.filter((token) => mayManage(principal, token)).map((token) => this.toView(token));
  }

  /** @throws RoostError TOKEN_NOT_FOUND, also for a token of another user. */
  async revoke(principal: Principal, id: string): Promise<void> {
    const token = (await this.tokens.list()).find((one) => one.id === id);
    if (token && mayManage(principal, token) && (await this.tokens.revoke(id))) return;
    throw new RoostError(
      'TOKEN_NOT_FOUND',
      `There is no API token ${id.replace(/[^\w-]/g, '').slice(0, 32)}, or it is not yours.`,
    );
  }

  private readScopes(given: unknown, offered: Permission[], problems: FieldProblem[]): Permission[] {
    const wanted: unknown[] = Array.isArray(given) ? given : [];
    const wrong = wanted.filter((one) => typeof one !== 'string' || !isPermission(one)).map(String);
    const beyond = wanted.filter(
      (one) => typeof one === 'string' && isPermission(one) && !offered.includes(one),
    );
    for (const word of wrong.slice(0, 5)) {
      const near = nearName(word, offered);
      problems.push({
        path: 'permissions',
        message: `has ${JSON.stringify(word.slice(0, 64))}, which is no permission.${near ? ` Did you mean \`${near}\`?` : ''}`,
      });
    }
    if (beyond.length > 0)
      problems.push({
        path: 'permissions',
        message: `contains permissions that you cannot grant: ${beyond.join(', ')}`,
      });
    if (wanted.length === 0)
      problems.push({ path: 'permissions', message: `must be a list of some of: ${offered.join(', ')}` });
    return offered.filter((name) => wanted.includes(name));
  }

  private toView({ id, name, maker, scopes, createdAt, expiresAt, ...use }: ApiToken): TokenView {
    const role = this.roles.find(maker);
    const has = role ? permissionsOf(role) : new Set<Permission>();
    const isExpired = expiresAt !== null && expiresAt <= Date.now();
    return {
      id,
      name,
      maker: maker.name,
      permissions: scopes,
      state: isExpired ? 'expired' : scopes.some((scope) => has.has(scope)) ? 'active' : 'powerless',
      createdAt: new Date(createdAt).toISOString(),
      expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
      lastUsedAt: use.lastUsedAt === null ? null : new Date(use.lastUsedAt).toISOString(),
      lastUsedFrom: use.lastUsedFrom,
    };
  }
}

function mayManage({ permissions, identity, via }: Principal, { maker }: ApiToken): boolean {
  if (permissions.has('tokens.manage')) return true;
  return via === 'session' && identity !== undefined && isSamePerson(identity, maker);
}
