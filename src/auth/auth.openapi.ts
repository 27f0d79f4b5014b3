import * as s from '../model/schema.js';
import { ROLES } from '../model/roles.js';
import { pathParameter, query } from '../openapi/components.js';
import { json, operations } from '../openapi/operation.js';
import { Permission } from './permission.openapi.js';

const Me = s.named(
  'Me',
  s.object({
    name: s.text('Name recorded in the audit.'),
    role: s.orNull(s.oneOf(ROLES)),
    via: s.oneOf(
      ['open', 'session', 'token'],
      '`open`: there are no users, and every local client has all permissions.',
    ),
    permissions: s.list(Permission),
    readOnly: s.flag('True where this web app refuses all writes.'),
    csrfToken: s.orNull(s.text('Value of the header X-CSRF-Token, for writes with a login cookie.')),
  }),
);
export type Me = s.Static<typeof Me>;

const Login = s.named(
  'Login',
  s.object({
    id: s.text('Id of the login; not secret.'),
    user: s.text('User who signed in.'),
    way: s.oneOf(['password', 'provider', 'break-glass'], 'Way of signing in.'),
    current: s.flag('True for the login of this request.'),
    startedAt: s.time('When the user signed in.'),
    startedFrom: s.orNull(s.text('Address of the client.')),
    browser: s.orNull(s.text('Browser, from its User-Agent header.')),
    lastSeenAt: s.time('Last use, to the minute.'),
    lastSeenFrom: s.orNull(s.text('Address of the client at the last use.')),
    endsAt: s.time('When it expires without further use.'),
  }),
);
/** Session for display; never contains its secret. */
export type SessionView = s.Static<typeof Login>;

const EndLogins = s.named(
  'EndLogins',
  s.object({
    user: s.optional(
      s.text('User whose logins end. Default: your own, which requires `others`.', {
        minLength: 1,
        maxLength: 200,
      }),
    ),
    others: s.optional(s.flag('True: all except the login of this request. False: that one too.')),
  }),
);
const EndedLogins = s.named(
  'EndedLogins',
  s.object({ ended: s.integer({ minimum: 0, description: 'Number of ended logins.' }) }),
);

const TOKEN = {
  id: s.text('Id of the token; not secret.'),
  name: s.text('Name of the token.'),
  maker: s.text('User who created it. The token never has more permissions than this user.'),
  permissions: s.list(Permission),
  state: s.oneOf(
    ['active', 'expired', 'powerless'],
    '`powerless`: its creator is no longer a user, or has none of its permissions.',
  ),
  createdAt: s.time('When it was created.'),
  expiresAt: s.orNull(s.time('When it expires.')),
  lastUsedAt: s.orNull(s.time('Last use, to the minute.')),
  lastUsedFrom: s.orNull(s.text('Address of the client.')),
};
const Token = s.named('Token', s.object(TOKEN, { description: 'An API token, without its secret.' }));
/** Token for display; never contains its secret. */
export type TokenView = s.Static<typeof Token>;

const NewToken = s.named(
  'NewToken',
  s.object({ ...TOKEN, token: s.text('The complete token, for `Authorization: Bearer`.') }),
);
export type NewToken = s.Static<typeof NewToken>;

const TokenRequest = s.named(
  'TokenRequest',
  s.object({
    name: s.text('Name of the token.', { minLength: 1, maxLength: 64 }),
    permissions: s.list(Permission, undefined, { minItems: 1 }),
    expiresInDays: s.optional(
      s.orNull(
        s.integer({ minimum: 1, maximum: 3660 }),
        'Lifetime in days. Default or null: valid until revoked.',
      ),
    ),
  }),
);

export const AUTH_API = operations('Access', {
  'GET /api/v1/me': {
    id: 'getMe',
    summary: 'Get the signed-in user and the permissions',
    description:
      'Returns the value that browsers must send as `X-CSRF-Token` with every write. Programs with an API token need none.',
    answers: { 200: ['The signed-in user.', Me] },
  },
  'GET /api/v1/sessions': {
    id: 'listSessions',
    summary: 'List active logins',
    description:
      'Lists your own logins, or those of all users with the permission `users.manage`. API tokens are not included.',
    parameters: [
      query('user', 'Only logins of this user.', { type: 'string', minLength: 1, maxLength: 200 }),
    ],
    answers: { 200: ['Newest first.', s.named('LoginList', s.items(Login))] },
    errors: ['QUERY_INVALID', 'REDIS_UNAVAILABLE'],
  },
  'POST /api/v1/sessions/end': {
    id: 'endSessions',
    summary: 'Sign out everywhere',
    description:
      'Ends all of your own logins, or those of `user` with the permission `users.manage`, at once in every web process. API tokens remain valid.',
    body: json(EndLogins, { elsewhere: { others: true } }),
    answers: { 200: ['They are over.', EndedLogins] },
    errors: ['REQUEST_INVALID', 'REDIS_UNAVAILABLE'],
  },
  'DELETE /api/v1/sessions/{id}': {
    id: 'endSession',
    summary: 'End a login',
    description: 'Takes effect at once, in every web process.',
    parameters: [pathParameter('id', 'Id of the login, from the list.')],
    answers: { 204: 'The login has ended.' },
    errors: ['NOT_FOUND', 'SESSION_NOT_FOUND', 'REDIS_UNAVAILABLE'],
  },
  'GET /api/v1/tokens': {
    id: 'listTokens',
    summary: 'List API tokens',
    description:
      'Lists your own tokens, or those of all users with the permission `tokens.manage`. Never contains their secrets.',
    answers: { 200: ['Newest first.', s.named('TokenList', s.items(Token))] },
    errors: ['REDIS_UNAVAILABLE'],
  },
  'POST /api/v1/tokens': {
    id: 'makeToken',
    summary: 'Create an API token',
    description: 'Requires a signed-in user: an API token cannot create tokens.',
    body: json(TokenRequest, {
      deploy: { name: 'deploy', permissions: ['tasks.read', 'tasks.submit'], expiresInDays: 90 },
    }),
    answers: {
      201: [
        'The token was created. `token` is returned only in this answer.',
        NewToken,
        { headers: { 'Cache-Control': { description: 'no-store', schema: { type: 'string' } } } },
      ],
    },
    errors: ['REQUEST_INVALID', 'REDIS_UNAVAILABLE'],
  },
  'DELETE /api/v1/tokens/{id}': {
    id: 'revokeToken',
    summary: 'Revoke an API token',
    description: 'Takes effect at once, in every web process.',
    parameters: [pathParameter('id', 'Id of the token.')],
    answers: { 204: 'The token is revoked.' },
    errors: ['NOT_FOUND', 'TOKEN_NOT_FOUND', 'REDIS_UNAVAILABLE'],
  },
});
