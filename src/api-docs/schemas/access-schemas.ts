import { PERMISSION_NAMES, ROLES } from '../../access/permissions.js';
import { AUDIT_OUTCOMES } from '../../history/store/audit-store.js';
import { list, object, orNull, ref, text, time, type Schemas } from '../schema.js';

const token = {
  id: text('Of the token; no secret.'),
  name: text('What it is called.'),
  maker: text('Who made it; it can never do more than they can.'),
  permissions: list(ref('Permission')),
  state: {
    enum: ['active', 'expired', 'powerless'],
    description: '`powerless`: its maker is no user any more, or may do nothing of it.',
  },
  createdAt: time('When it was made.'),
  expiresAt: orNull(time('When it ends by itself.')),
  lastUsedAt: orNull(time('To the minute.')),
  lastUsedFrom: orNull(text('The address of the client.')),
};

/** Who may do what, and who did. */
export const ACCESS_SCHEMAS: Schemas = {
  Permission: { type: 'string', enum: PERMISSION_NAMES, description: 'docs/security.md says who has which.' },
  Me: object({
    name: text('As it is kept beside what one does.'),
    role: orNull({ enum: ROLES }),
    via: {
      enum: ['open', 'session', 'token'],
      description: '`open`: there are no users, and everyone on the machine may do everything.',
    },
    permissions: list(ref('Permission')),
    readOnly: { type: 'boolean', description: 'Nothing can be changed here by anybody.' },
    csrfToken: orNull(text('For writes with the cookie of a login: the header X-CSRF-Token.')),
  }),
  Token: object(token, [], { description: 'An API token, without its secret.' }),
  TokenList: object({ items: list(ref('Token')) }),
  NewToken: object({
    ...token,
    token: text('All of it, for `Authorization: Bearer`.'),
  }),
  TokenRequest: object(
    {
      name: text('What to call it.', { minLength: 1, maxLength: 64 }),
      permissions: list(ref('Permission'), { minItems: 1 }),
      expiresInDays: {
        ...orNull({ type: 'integer', minimum: 1, maximum: 3660 }),
        description: 'Left out or null: until it is revoked.',
      },
    },
    ['expiresInDays'],
  ),
  AuditEntry: object({
    at: time('When it was asked for; the first time, of many.'),
    who: orNull(text('Who did it, as far as it is known.')),
    via: { enum: ['nobody', 'open', 'session', 'token'] },
    from: text(
      'The address of the client, or its network of IPv6 (/64). Empty where many have an entry together.',
    ),
    permission: orNull(ref('Permission')),
    method: text('Of HTTP. Empty where an entry stands for what is not alike.'),
    route: orNull(text('The pattern of the address.')),
    path: text('The address without its query. Empty as the method.'),
    targets: list(text('An id or a name.')),
    reason: orNull(text('Why, where somebody said so.')),
    outcome: { enum: AUDIT_OUTCOMES },
    status: { type: 'integer', description: 'Of the answer; 499 where nobody waited for it.' },
    code: orNull(text('Why it was refused, as in the answer.')),
    requestId: orNull(text('Also in the logs; of many, the first.')),
    count: {
      type: 'integer',
      minimum: 1,
      description:
        'How often. More than once only for what nobody known was refused, and for the rate limit.',
    },
    lastAt: orNull(time('The last time, of many.')),
  }),
  AuditPage: object(
    {
      items: list(ref('AuditEntry')),
      nextCursor: text('Give it back as `cursor` for the next page. Missing on the last one.'),
    },
    ['nextCursor'],
  ),
};
