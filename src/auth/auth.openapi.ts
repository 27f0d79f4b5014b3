import {
  flag,
  integer,
  items,
  list,
  named,
  object,
  oneOf,
  optional,
  orNull,
  text,
  time,
  type Static,
} from '../model/schema.js';
import { ROLES } from '../model/roles.js';
import { pathParameter, query } from '../openapi/components.js';
import { json, operations } from '../openapi/operation.js';
import { Permission } from './permission.openapi.js';

const Me = named(
  'Me',
  object({
    name: text('Name recorded in the audit.'),
    role: orNull(oneOf(ROLES)),
    via: oneOf(
      ['open', 'session', 'token'],
      '`open`: there are no users, and every local client has all permissions.',
    ),
    permissions: list(Permission),
    readOnly: flag('True where this web app refuses all writes.'),
    csrfToken: orNull(text('Value of the header X-CSRF-Token, for writes with a login cookie.')),
  }),
);
export type Me = Static<typeof Me>;

const Login = named(
  'Login',
  object({
    id: text('Id of the login; not secret.'),
    user: text('User who signed in.'),
    way: oneOf(['password', 'provider', 'break-glass'], 'Way of signing in.'),
    current: flag('True for the login of this request.'),
    startedAt: time('When the user signed in.'),
    startedFrom: orNull(text('Address of the client.')),
    browser: orNull(text('Browser, from its User-Agent header.')),
    lastSeenAt: time('Last use, to the minute.'),
    lastSeenFrom: orNull(text('Address of the client at the last use.')),
    endsAt: time('When it expires without further use.'),
  }),
);
/** Session for display; never contains its secret. */
export type SessionView = Static<typeof Login>;

const EndLogins = named(
  'EndLogins',
  object({
    user: optional(
      text('User whose logins end. Default: your own, which requires `others`.', {
        minLength: 1,
        maxLength: 200,
      }),
    ),
    others: optional(flag('True: all except the login of this request. False: that one too.')),
  }),
);
const EndedLogins = named(
  'EndedLogins',
  object({ ended: integer({ minimum: 0, description: 'Number of ended logins.' }) }),
);

const TOKEN = {
  id: text('Id of the token; not secret.'),
  name: text('Name of the token.'),
  maker: text('User who created it. The token never has more permissions than this user.'),
  permissions: list(Permission),
  state: oneOf(
    ['active', 'expired', 'powerless'],
    '`powerless`: its creator is no longer a user, or has none of its permissions.',
  ),
  createdAt: time('When it was created.'),
  expiresAt: orNull(time('When it expires.')),
  lastUsedAt: orNull(time('Last use, to the minute.')),
  lastUsedFrom: orNull(text('Address of the client.')),
};
const Token = named('Token', object(TOKEN, { description: 'An API token, without its secret.' }));
/** Token for display; never contains its secret. */
export type TokenView = Static<typeof Token>;

const NewToken = named(
  'NewToken',
  object({ ...TOKEN, token: text('The complete token, for `Authorization: Bearer`.') }),
);
export type NewToken = Static<typeof NewToken>;

const TokenRequest = named(
  'TokenRequest',
  object({
    name: text('Name of the token.', { minLength: 1, maxLength: 64 }),
    permissions: list(Permission, undefined, { minItems: 1 }),
    expiresInDays: optional(
      orNull(
        integer({ minimum: 1, maximum: 3660 }),
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
    answers: { 200: ['Newest first.', named('LoginList', items(Login))] },
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
    answers: { 200: ['Newest first.', named('TokenList', items(Token))] },
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
