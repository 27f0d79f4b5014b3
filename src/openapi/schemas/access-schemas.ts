import { ROLES } from '../../auth/permissions.js';
import { list, object, orNull, ref, text, time, type Schemas } from '../schema.js';

const token = {
  id: text('Id of the token; not secret.'),
  name: text('Name of the token.'),
  maker: text('User who created it. The token never has more permissions than this user.'),
  permissions: list(ref('Permission')),
  state: {
    enum: ['active', 'expired', 'powerless'],
    description: '`powerless`: its creator is no longer a user, or has none of its permissions.',
  },
  createdAt: time('When it was created.'),
  expiresAt: orNull(time('When it expires.')),
  lastUsedAt: orNull(time('Last use, to the minute.')),
  lastUsedFrom: orNull(text('Address of the client.')),
};

/** Schemas of permissions, users, tokens and the audit. */
export const ACCESS_SCHEMAS: Schemas = {
  Me: object({
    name: text('Name recorded in the audit.'),
    role: orNull({ enum: ROLES }),
    via: {
      enum: ['open', 'session', 'token'],
      description: '`open`: there are no users, and every local client has all permissions.',
    },
    permissions: list(ref('Permission')),
    readOnly: { type: 'boolean', description: 'True where this web app refuses all writes.' },
    csrfToken: orNull(text('Value of the header X-CSRF-Token, for writes with a login cookie.')),
  }),
  Login: object({
    id: text('Id of the login; not secret.'),
    user: text('User who signed in.'),
    way: { enum: ['password', 'provider', 'break-glass'], description: 'Way of signing in.' },
    current: { type: 'boolean', description: 'True for the login of this request.' },
    startedAt: time('When the user signed in.'),
    startedFrom: orNull(text('Address of the client.')),
    browser: orNull(text('Browser, from its User-Agent header.')),
    lastSeenAt: time('Last use, to the minute.'),
    lastSeenFrom: orNull(text('Address of the client at the last use.')),
    endsAt: time('When it expires without further use.'),
  }),
  LoginList: object({ items: list(ref('Login')) }),
  EndLogins: object(
    {
      user: text('User whose logins end. Default: your own, which requires `others`.', {
        minLength: 1,
        maxLength: 200,
      }),
      others: {
        type: 'boolean',
        description: 'True: all except the login of this request. False: that one too.',
      },
    },
    ['user', 'others'],
  ),
  EndedLogins: object({ ended: { type: 'integer', minimum: 0, description: 'Number of ended logins.' } }),
  Token: object(token, [], { description: 'An API token, without its secret.' }),
  TokenList: object({ items: list(ref('Token')) }),
  NewToken: object({
    ...token,
    token: text('The complete token, for `Authorization: Bearer`.'),
  }),
  TokenRequest: object(
    {
      name: text('Name of the token.', { minLength: 1, maxLength: 64 }),
      permissions: list(ref('Permission'), { minItems: 1 }),
      expiresInDays: {
        ...orNull({ type: 'integer', minimum: 1, maximum: 3660 }),
        description: 'Lifetime in days. Default or null: valid until revoked.',
      },
    },
    ['expiresInDays'],
  ),
};
