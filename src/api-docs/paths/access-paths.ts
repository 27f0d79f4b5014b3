import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';
import { PERMISSION_NAMES } from '../../access/permissions.js';
import { AUDIT_OUTCOMES } from '../../history/store/audit-store.js';

const AUDIT_FILTERS = [
  text('who', 'Only what this person or token did; its name as it is told.'),
  { ...text('permission', 'Only what needed this permission.'), schema: { enum: PERMISSION_NAMES } },
  text('target', 'Only what was done to this: an id or a name.'),
  { ...text('outcome', 'Only what came to this.'), schema: { enum: AUDIT_OUTCOMES } },
  text('from', 'From then on: a day such as `2026-11-23` (UTC), or a time with its zone.'),
  text('to', 'Before then.'),
];

/** Who may do what, and who did. */
export const ACCESS_PATHS: Record<string, object> = {
  '/api/v1/me': {
    get: reads({
      id: 'getMe',
      tag: 'Access',
      summary: 'Who one is here, and what one may do',
      description:
        'Browsers find here what they have to send as `X-CSRF-Token` with every write; programs with an API token need none.',
      answers: { 200: { description: 'Who asks.', schema: ref('Me') } },
    }),
  },
  '/api/v1/tokens': {
    get: reads({
      id: 'listTokens',
      tag: 'Access',
      summary: 'API tokens',
      description: 'One’s own; those of all with the permission `tokens.manage`. Never their secrets.',
      answers: { 200: { description: 'Newest first.', schema: ref('TokenList') } },
      errors: ['REDIS_UNAVAILABLE'],
    }),
    post: writes({
      id: 'makeToken',
      tag: 'Access',
      summary: 'Make an API token',
      description: 'Only people who are signed in can: tokens make no tokens.',
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('TokenRequest'),
            examples: {
              deploy: {
                value: { name: 'deploy', permissions: ['tasks.read', 'tasks.submit'], expiresInDays: 90 },
              },
            },
          },
        },
      },
      answers: {
        201: {
          description: 'It is made. `token` is told here and never again.',
          schema: ref('NewToken'),
          headers: { 'Cache-Control': { description: 'no-store', schema: { type: 'string' } } },
        },
      },
      errors: [
        'BODY_MALFORMED',
        'BODY_TOO_LARGE',
        'CONTENT_TYPE_UNSUPPORTED',
        'REQUEST_INVALID',
        'REDIS_UNAVAILABLE',
      ],
    }),
  },
  '/api/v1/tokens/{id}': {
    delete: writes({
      id: 'revokeToken',
      tag: 'Access',
      summary: 'Revoke an API token',
      description: 'At once, in every web process.',
      parameters: [
        {
          name: 'id',
          in: 'path',
          required: true,
          description: 'Id of the token.',
          schema: { type: 'string' },
        },
      ],
      answers: { 204: { description: 'It is good for nothing any more.' } },
      errors: ['NOT_FOUND', 'TOKEN_NOT_FOUND', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/audit': {
    get: reads({
      id: 'listAudit',
      tag: 'Access',
      summary: 'Who did what',
      description:
        'Every write, done or refused, every login, and every look at something hidden. What nobody known was refused ' +
        'within an hour is one entry for all that is alike, with its `count`.',
      parameters: [
        ...AUDIT_FILTERS,
        text('cursor', '`nextCursor` of the page before.'),
        {
          name: 'limit',
          in: 'query',
          description: 'Entries on a page.',
          schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
        },
      ],
      answers: { 200: { description: 'Newest first.', schema: ref('AuditPage') } },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/audit/export': {
    get: reads({
      id: 'exportAudit',
      tag: 'Access',
      summary: 'Who did what, as a file',
      description: '`ndjson`: an AuditEntry a line. `csv` (RFC 4180): its members. Newest first, streamed.',
      parameters: [
        {
          name: 'format',
          in: 'query',
          description: 'Of the file.',
          schema: { type: 'string', enum: ['csv', 'ndjson'], default: 'csv' },
        },
        ...AUDIT_FILTERS,
      ],
      answers: {
        200: {
          description: 'The file.',
          schema: { type: 'string' },
          contentTypes: ['text/csv', 'application/x-ndjson'],
          headers: { 'Content-Disposition': { description: 'Its name.', schema: { type: 'string' } } },
        },
      },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
};

function text(name: string, description: string): object {
  return { name, in: 'query', description, schema: { type: 'string', maxLength: 500 } };
}
