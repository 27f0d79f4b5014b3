import type { TaskType } from '../catalog/task-type.js';
import { ERRORS, type ErrorCode } from '../contract/errors.js';
import { HEADERS, PARAMETERS } from './components.js';
import { ERROR_GUIDE } from './error-guide.js';
import { ACCESS_PATHS } from './paths/access-paths.js';
import { BULK_PATHS } from './paths/bulk-paths.js';
import { EVENT_PATHS } from './paths/event-paths.js';
import { MONITORING_PATHS } from './paths/monitoring-paths.js';
import { NUMBERS_PATHS } from './paths/numbers-paths.js';
import { QUEUE_PATHS } from './paths/queue-paths.js';
import { SEARCH_PATHS } from './paths/search-paths.js';
import { submitPaths } from './paths/submit-paths.js';
import { TASK_PATHS } from './paths/task-paths.js';
import { WORKER_PATHS } from './paths/worker-paths.js';
import { ACCESS_SCHEMAS } from './schemas/access-schemas.js';
import { BULK_SCHEMAS } from './schemas/bulk-schemas.js';
import { EVENT_SCHEMAS } from './schemas/event-schemas.js';
import { MONITORING_SCHEMAS } from './schemas/monitoring-schemas.js';
import { NUMBERS_SCHEMAS } from './schemas/numbers-schemas.js';
import { PROBLEM_SCHEMAS } from './schemas/problem-schemas.js';
import { QUEUE_SCHEMAS } from './schemas/queue-schemas.js';
import { SEARCH_SCHEMAS } from './schemas/search-schemas.js';
import { submitSchemas } from './schemas/submit-schemas.js';
import { TASK_SCHEMAS } from './schemas/task-schemas.js';
import { WORKER_SCHEMAS } from './schemas/worker-schemas.js';

const TAGS = [
  { name: 'Submit', description: 'Hand in work.' },
  { name: 'Tasks', description: 'Look at tasks and act on them.' },
  { name: 'Search', description: 'Find them, save what you look for, take it away as a file.' },
  { name: 'Bulk actions', description: 'Act on many of them at once.' },
  { name: 'Events', description: 'Follow them live.' },
  { name: 'Queues', description: 'Hold them back, and act on all of their tasks.' },
  { name: 'Limits', description: 'Limits of task types at run time.' },
  { name: 'Workers', description: 'Who is there, and telling them what to do.' },
  { name: 'Monitoring', description: 'The dashboard, Redis.' },
  { name: 'Access', description: 'Who may do what, and who did.' },
  { name: 'Health', description: 'For load balancers and supervisors.' },
];

/**
 * The OpenAPI 3.1 document. It is written down here rather than gathered from decorators, so that it can say every code an
 * answer may have; test/e2e/api-contract.spec.ts holds it to what the app really does, both ways.
 */
export function buildApiDocument(
  types: readonly TaskType[],
  version: string,
  { cookie, permissions }: Protection,
): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Roost',
      version,
      summary: 'Hand in work, watch it run, keep the result.',
      description: description(),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This Roost' }],
    tags: TAGS,
    // Either is enough; none while there are no users.
    security: [{ token: [] }, { login: [] }],
    paths: withPermissions(permissions, [
      submitPaths(types),
      TASK_PATHS,
      SEARCH_PATHS,
      EVENT_PATHS,
      BULK_PATHS,
      QUEUE_PATHS,
      WORKER_PATHS,
      MONITORING_PATHS,
      NUMBERS_PATHS,
      ACCESS_PATHS,
    ]),
    components: {
      schemas: {
        ...submitSchemas(types),
        ...TASK_SCHEMAS,
        ...SEARCH_SCHEMAS,
        ...EVENT_SCHEMAS,
        ...BULK_SCHEMAS,
        ...QUEUE_SCHEMAS,
        ...WORKER_SCHEMAS,
        ...MONITORING_SCHEMAS,
        ...NUMBERS_SCHEMAS,
        ...ACCESS_SCHEMAS,
        ...PROBLEM_SCHEMAS,
      },
      parameters: PARAMETERS,
      headers: HEADERS,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token, made at /access/tokens: `roost_...`.',
        },
        login: {
          type: 'apiKey',
          in: 'cookie',
          name: cookie,
          description:
            'The cookie of a login. Writes also need the header `X-CSRF-Token`; /api/v1/me tells its value.',
        },
      },
    },
  };
}

/** What the document cannot know by itself. */
export interface Protection {
  /** Name of the cookie of a login. */
  cookie: string;
  /** By route, as in `GET /api/v1/tasks/{id}`. */
  permissions: ReadonlyMap<string, string>;
}

/** Paths from several files, the methods of the same path together, each with what it needs. */
function withPermissions(
  permissions: Protection['permissions'],
  parts: Record<string, object>[],
): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const [path, methods] of parts.flatMap((part) => Object.entries(part))) {
    for (const [method, operation] of Object.entries(methods as Record<string, { description?: string }>)) {
      const needed = permissions.get(`${method.toUpperCase()} ${path}`);
      const words = needed && `Needs the permission \`${needed}\`.`;
      const description = [operation.description, words].filter(Boolean).join('\n\n');
      (paths[path] ??= {})[method] = { ...operation, ...(description ? { description } : {}) };
    }
  }
  return paths;
}

/** Each code has an anchor: the `type` of a problem leads to it. */
function description(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  return [
    'Tasks over REST. Bodies are JSON, times ISO 8601 in UTC, durations milliseconds.',
    '',
    '## Errors',
    'What is not a success is answered with a problem document (`application/problem+json`, RFC 9457): `code` for programs, ' +
      '`detail` and `fields` for people, `requestId` for the logs.',
    '',
    // Folded, as the calls below are what most people come for; a link to a code opens it.
    '<details><summary>All error codes</summary><table><thead><tr><th>code</th><th>status</th><th>what it means and what to do</th></tr></thead><tbody>',
    ...codes.map(
      (code) =>
        `<tr id="${code}"><td><code>${code}</code></td><td>${ERRORS[code].status}</td>` +
        `<td>${ERRORS[code].title}. ${codeSpans(ERROR_GUIDE[code].cure)}</td></tr>`,
    ),
    '</tbody></table></details>',
  ].join('\n');
}

/** Markdown does not reach into the table. */
function codeSpans(text: string): string {
  return text.replace(/`([^`]+)`/g, (_, code: string) => `<code>${code.replace(/</g, '&lt;')}</code>`);
}
