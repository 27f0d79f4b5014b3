import type { TaskType } from '../catalog/task-type.js';
import { ERRORS, type ErrorCode } from '../contract/errors.js';
import { HEADERS, PARAMETERS } from './components.js';
import { ERROR_GUIDE } from './error-guide.js';
import { BULK_PATHS } from './paths/bulk-paths.js';
import { EVENT_PATHS } from './paths/event-paths.js';
import { MONITORING_PATHS } from './paths/monitoring-paths.js';
import { NUMBERS_PATHS } from './paths/numbers-paths.js';
import { QUEUE_PATHS } from './paths/queue-paths.js';
import { SEARCH_PATHS } from './paths/search-paths.js';
import { submitPaths } from './paths/submit-paths.js';
import { TASK_PATHS } from './paths/task-paths.js';
import { WORKER_PATHS } from './paths/worker-paths.js';
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
  { name: 'Health', description: 'For load balancers and supervisors.' },
];

/**
 * The OpenAPI 3.1 document. It is written down here rather than gathered from decorators, so that it can say every code an
 * answer may have; test/e2e/api-contract.spec.ts holds it to what the app really does, both ways.
 */
export function buildApiDocument(types: readonly TaskType[], version: string): object {
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
    paths: merge(
      submitPaths(types),
      TASK_PATHS,
      SEARCH_PATHS,
      EVENT_PATHS,
      BULK_PATHS,
      QUEUE_PATHS,
      WORKER_PATHS,
      MONITORING_PATHS,
      NUMBERS_PATHS,
    ),
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
        ...PROBLEM_SCHEMAS,
      },
      parameters: PARAMETERS,
      headers: HEADERS,
    },
  };
}

/** Paths from several files, with the methods of the same path together. */
function merge(...parts: Record<string, object>[]): Record<string, object> {
  const paths: Record<string, object> = {};
  for (const part of parts) {
    for (const [path, methods] of Object.entries(part)) paths[path] = { ...paths[path], ...methods };
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
