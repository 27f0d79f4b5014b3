import { AUDIT_API } from '../audit/audit.openapi.js';
import { AUTH_API } from '../auth/auth.openapi.js';
import { BULK_ACTIONS_API } from '../bulk-actions/bulk-actions.openapi.js';
import { EVENTS_API } from '../events/events.openapi.js';
import { LIMITS_API } from '../limits/limits.openapi.js';
import { ERRORS, type ErrorCode } from '../model/errors.js';
import * as s from '../model/schema.js';
import { ERROR_GROUPS_API } from '../monitoring/error-groups/error-groups.openapi.js';
import { HEALTH_API } from '../monitoring/health.openapi.js';
import { MONITORING_API } from '../monitoring/monitoring.openapi.js';
import { STATS_API } from '../monitoring/stats/stats.openapi.js';
import { QUEUES_API } from '../queues/queues.openapi.js';
import type { TaskType } from '../registry/task-type.js';
import { SEARCHES_API } from '../search/search.openapi.js';
import { submitApi } from '../tasks/submit.openapi.js';
import { TASK_COMMANDS_API } from '../tasks/task-commands.openapi.js';
import { TASK_QUERIES_API } from '../tasks/task-queries.openapi.js';
import { TASK_SEARCH_API } from '../tasks/task-search.openapi.js';
import { WORKERS_API } from '../workers/workers.openapi.js';
import { HEADERS, PARAMETERS } from './components.js';
import { ERROR_GUIDE } from './error-guide.js';
import { extractSchemas } from './named-schemas.js';
import type { Paths } from './operation.js';
import { Problem } from './problem.js';

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

const FEATURES: Paths[] = [
  TASK_QUERIES_API,
  TASK_COMMANDS_API,
  TASK_SEARCH_API,
  SEARCHES_API,
  EVENTS_API,
  BULK_ACTIONS_API,
  QUEUES_API,
  LIMITS_API,
  WORKERS_API,
  MONITORING_API,
  HEALTH_API,
  STATS_API,
  ERROR_GROUPS_API,
  AUTH_API,
  AUDIT_API,
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
  const schemas: Record<string, unknown> = {};
  const managed = s.oneOf(queues, 'A queue of this Roost, named by a task type or by the setting QUEUES.');
  const [paths, parameters] = extractSchemas(
    [
      withPermissions(permissions, [submitApi(types), ...FEATURES]),
      PARAMETERS,
      s.named('ManagedQueue', managed),
      Problem,
    ],
    schemas,
  ) as object[];
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
      schemas,
      parameters,
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
function withPermissions(permissions: Facts['permissions'], parts: Paths[]): Paths {
  const paths: Paths = {};
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
