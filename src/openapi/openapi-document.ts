import type { TaskType } from '../registry/task-type.js';
import { ERRORS, type ErrorCode } from '../model/errors.js';
import { HEADERS, PARAMETERS } from './components.js';
import { AUDIT_API } from '../audit/audit.openapi.js';
import { HEALTH_API } from '../monitoring/health.openapi.js';
import { MONITORING_API } from '../monitoring/monitoring.openapi.js';
import { QUEUES_API } from '../queues/queues.openapi.js';
import { WORKERS_API } from '../workers/workers.openapi.js';
import { LIMITS_API } from '../limits/limits.openapi.js';
import { ERROR_GUIDE } from './error-guide.js';
import { extractSchemas } from './named-schemas.js';
import type { Schemas } from './schema.js';
import { ACCESS_PATHS } from './paths/access-paths.js';
import { BULK_PATHS } from './paths/bulk-paths.js';
import { EVENT_PATHS } from './paths/event-paths.js';
import { NUMBERS_PATHS } from './paths/numbers-paths.js';
import { QUEUE_PATHS } from './paths/queue-paths.js';
import { SEARCH_PATHS } from './paths/search-paths.js';
import { submitPaths } from './paths/submit-paths.js';
import { TASK_PATHS } from './paths/task-paths.js';
import { ACCESS_SCHEMAS } from './schemas/access-schemas.js';
import { BULK_SCHEMAS } from './schemas/bulk-schemas.js';
import { EVENT_SCHEMAS } from './schemas/event-schemas.js';
import { NUMBERS_SCHEMAS } from './schemas/numbers-schemas.js';
import { PROBLEM_SCHEMAS } from './schemas/problem-schemas.js';
import { QUEUE_SCHEMAS } from './schemas/queue-schemas.js';
import { SEARCH_SCHEMAS } from './schemas/search-schemas.js';
import { submitSchemas } from './schemas/submit-schemas.js';
import { TASK_SCHEMAS, TASK_SHAPES } from './schemas/task-schemas.js';

const TAGS = [
  { name: 'Submit', description: 'Submit tasks.' },
  { name: 'Tasks', description: 'Read tasks and act on them.' },
  { name: 'Search', description: 'Find tasks, save searches, export the results.' },
  { name: 'Bulk actions', description: 'Act on many tasks at once.' },
  { name: 'Events', description: 'Follow tasks live.' },
  { name: 'Queues', description: 'Pause and limit queues, and act on all of their tasks.' },
  { name: 'Limits', description: 'Change the limits of task types at run time.' },
  { name: 'Workers', description: 'List workers and send them commands.' },
  { name: 'Monitoring', description: 'Dashboard, history, stats and error groups.' },
  { name: 'Access', description: 'Logins, API tokens and the audit.' },
  { name: 'Health', description: 'For load balancers and supervisors.' },
];

/**
 * Builds the OpenAPI 3.1 document. It is written by hand rather than generated from decorators, so that it can list every
 * error code of an answer. test/e2e/api-contract.spec.ts compares it with the behaviour of the app, in both directions.
 */
export function buildApiDocument(
  types: readonly TaskType[],
  version: string,
  { cookie, permissions, queues }: Facts,
): object {
  const named: Schemas = {};
  extractSchemas(TASK_SHAPES, named);
  const paths = extractSchemas(
    withPermissions(permissions, [
      submitPaths(types),
      TASK_PATHS,
      SEARCH_PATHS,
      EVENT_PATHS,
      BULK_PATHS,
      QUEUE_PATHS,
      LIMITS_API,
      QUEUES_API,
      WORKERS_API,
      MONITORING_API,
      HEALTH_API,
      NUMBERS_PATHS,
      ACCESS_PATHS,
      AUDIT_API,
    ]),
    named,
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Roost',
      version,
      summary: 'Submit background tasks, follow their progress, read their results.',
      description: description(),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This Roost' }],
    tags: TAGS,
    // One of the two is enough. None is required while there are no users.
    security: [{ token: [] }, { login: [] }],
    paths,
    components: {
      schemas: {
        ...named,
        ...submitSchemas(types, queues),
        ...TASK_SCHEMAS,
        ...SEARCH_SCHEMAS,
        ...EVENT_SCHEMAS,
        ...BULK_SCHEMAS,
        ...QUEUE_SCHEMAS,
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
          description: 'An API token (`roost_...`), created at /access/tokens.',
        },
        login: {
          type: 'apiKey',
          in: 'cookie',
          name: cookie,
          description:
            'The cookie of a login. Writes also need the header `X-CSRF-Token`; /api/v1/me returns its value.',
        },
      },
    },
  };
}

/** Facts that depend on the running app. */
export interface Facts {
  /** Names of the queues that Roost manages. */
  queues: readonly string[];
  /** Name of the cookie of a login. */
  cookie: string;
  /** Required permissions by route, such as `GET /api/v1/tasks/{id}`. */
  permissions: ReadonlyMap<string, string>;
}

/** Merges the paths of several files by path, and adds the required permission to each operation. */
function withPermissions(
  permissions: Facts['permissions'],
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

/** Writes the description of the API. Each error code has an anchor, which the `type` of a problem links to. */
function description(): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  return [
    'REST API for tasks. Bodies are JSON, times ISO 8601 in UTC, durations milliseconds. ' +
      'Each GET also supports HEAD; OPTIONS lists the methods of a path.',
    '',
    '## Errors',
    'Errors are problem documents (`application/problem+json`, RFC 9457): `code` for programs, ' +
      '`detail` and `fields` for users, `requestId` to find the request in the logs.',
    '',
    // Collapsed, because most readers need the operations below. A link to a code opens it.
    '<details><summary>All error codes</summary><table><thead><tr><th>code</th><th>status</th><th>meaning and what to do</th></tr></thead><tbody>',
    ...codes.map(
      (code) =>
        `<tr id="${code}"><td><code>${code}</code></td><td>${ERRORS[code].status}</td>` +
        `<td>${ERRORS[code].title}. ${codeSpans(ERROR_GUIDE[code].cure)}</td></tr>`,
    ),
    '</tbody></table></details>',
  ].join('\n');
}

/** Converts code spans to HTML, because Markdown is not rendered inside the table. */
function codeSpans(text: string): string {
  return text.replace(/`([^`]+)`/g, (_, code: string) => `<code>${code.replace(/</g, '&lt;')}</code>`);
}
