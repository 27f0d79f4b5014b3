import { PERMISSION_NAMES } from '../auth/permissions.js';
import { AUDIT_OUTCOMES } from '../history/ports/audit-store.js';
import * as s from '../model/schema.js';
import { FILE, paging, query } from '../openapi/components.js';
import { Permission } from '../auth/permission.openapi.js';
import { operations } from '../openapi/operation.js';

const AuditEntry = s.named(
  'AuditEntry',
  s.object({
    at: s.time('Time of the request; for an entry with a `count`, of the first one.'),
    who: s.orNull(s.text('User or token, where known.')),
    via: s.oneOf(['nobody', 'open', 'session', 'token', 'cli']),
    from: s.text(
      'The address of the client, or its network of IPv6 (/64). Empty where many have an entry together.',
    ),
    permission: s.orNull(Permission),
    method: s.text('HTTP method. Empty where the entry combines different requests.'),
    route: s.orNull(s.text('Pattern of the path.')),
    path: s.text('Path without the query. Empty where the entry combines different requests.'),
    targets: s.list(s.text('An id or a name.')),
    reason: s.orNull(s.text('Reason given by the user.')),
    outcome: s.oneOf(AUDIT_OUTCOMES),
    status: s.integer({
      description: 'HTTP status of the answer; 499 where the client disconnected before.',
    }),
    code: s.orNull(s.text('Error code of a refusal.')),
    requestId: s.orNull(
      s.text('Request id, as in the logs; for an entry with a `count`, of the first request.'),
    ),
    count: s.integer({
      minimum: 1,
      description:
        'Number of requests. More than one only for refusals of unknown clients, and for the rate limit.',
    }),
    lastAt: s.orNull(s.time('Time of the last request, for an entry with a `count`.')),
  }),
);
/** Entry of the audit as returned by the API. */
export type AuditView = s.Static<typeof AuditEntry>;

const AuditPage = s.named('AuditPage', s.page(AuditEntry));
export type AuditPage = s.Static<typeof AuditPage>;

const FILTER_TEXT = { type: 'string', maxLength: 500 };
const FILTERS = [
  query('who', 'Only actions of this user or token, by the name shown in the audit.', FILTER_TEXT),
  query('permission', 'Only actions that needed this permission.', { enum: PERMISSION_NAMES }),
  query('target', 'Only actions on this target: an id or a name.', FILTER_TEXT),
  query('outcome', 'Only actions with this outcome.', { enum: AUDIT_OUTCOMES }),
  query(
    'from',
    'At or after this time: a day such as `2026-11-23` (UTC), or a time with a zone.',
    FILTER_TEXT,
  ),
  query('to', 'Before this time.', FILTER_TEXT),
];

export const AUDIT_API = operations('Access', {
  'GET /api/v1/audit': {
    id: 'listAudit',
    summary: 'List the audit',
    description:
      'Contains every write, done or refused, every login, and every reveal of hidden values. Similar refusals of unknown ' +
      'clients within an hour share one entry, with their `count`.',
    parameters: [...FILTERS, ...paging('entries', 500, 50, { maxLength: 500 })],
    answers: { 200: ['Newest first.', AuditPage] },
    errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
  },
  'GET /api/v1/audit/export': {
    id: 'exportAudit',
    summary: 'Export the audit as a file',
    description:
      '`ndjson`: one AuditEntry per line. `csv` (RFC 4180): one column per member. Newest first, streamed.',
    parameters: [
      query('format', 'Format of the file.', { type: 'string', enum: ['csv', 'ndjson'], default: 'csv' }),
      ...FILTERS,
    ],
    answers: { 200: ['The file.', s.text('The file.'), FILE] },
    errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
  },
});
