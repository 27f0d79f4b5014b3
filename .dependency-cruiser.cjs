// Import rules: which folder of src/ may import which. Data flows in one direction, and a worker stays small.
// Run by `npm run check`. docs/house.md explains the folders.

const BASE = ['task-api', 'model', 'platform', 'coordination'];
const DATA = ['bullmq', 'events', 'history', 'workers'];
/** What a feature that answers requests stands on. */
const REST = ['auth', 'http', 'openapi'];

/** Allows a folder to import itself and the folders named; any other import of ours breaks the rule. */
function folder(name, mayImport, reason) {
  return {
    name: `${name}-imports`,
    comment: `${reason} May import: ${mayImport.join(', ') || 'nothing of ours'}.`,
    severity: 'error',
    from: { path: `^src/${name}/` },
    to: { path: '^src/', pathNot: `^src/(${[name, ...mayImport].join('|')})/` },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    // Authors of task types depend on it: it must stand alone.
    folder('task-api', [], 'The API for task types is a leaf.'),

    // Views, states and the error table: plain types and pure functions.
    folder('model', ['task-api'], 'The model knows no framework and no process.'),

    // Settings, log, clock and redaction: read once, before anything else exists.
    folder('platform', ['task-api', 'model'], 'Everyone stands on the platform.'),

    // Periodic work and short caches: also for the folders that talk to Redis or to a database.
    folder('coordination', [], 'It knows nothing of what it repeats or shares.'),

    // Keeps the import paths of 0.1 working for one version.
    folder('contract', ['task-api'], 'Deprecated: it only exports task-api again.'),

    // A task type is work and nothing else: it runs in any worker, and its author needs only the task API.
    folder('task-types', ['task-api'], 'A task type is work and nothing else.'),
    {
      name: 'task-types-apart',
      comment:
        'A task type is one folder: what two of them share belongs into a library, or it is one task type.',
      severity: 'error',
      from: { path: '^src/task-types/([^/]+)/' },
      to: { path: '^src/task-types/', pathNot: '^src/task-types/$1/' },
    },

    // Other programs load the client: it brings no Nest and no part of the apps, of whose answers it knows the types.
    {
      name: 'client-imports',
      comment:
        'A program that submits tasks loads nothing else. May import: model, the codec, ids and keys of tasks, and types of task-api and of answers.',
      severity: 'error',
      from: { path: '^src/client(\\.ts$|/)' },
      to: {
        path: '^src/|(^|/)node_modules/@nestjs/',
        pathNot:
          '^src/(client/|client\\.ts$|task-api/|model/|bullmq/(codec/|task-ids|keys))|\\.openapi\\.ts$',
      },
    },

    // The registry finds task types by reading their folder; importing one by name would make a second list of them.
    folder('registry', BASE, 'Task types are found by scan, never by name.'),

    // The one place that knows BullMQ's records.
    folder('bullmq', BASE, 'Everyone stands on the queues.'),

    {
      name: 'codec-is-pure',
      comment:
        'Decoding asks nobody: readers, the recorder and other programs use it on answers that they have.',
      severity: 'error',
      from: { path: '^src/bullmq/codec/' },
      to: { path: '^src/bullmq/|(^|/)node_modules/', pathNot: '^src/bullmq/(codec/|task-ids)' },
    },

    // Errors, bodies and headers of HTTP serve every controller.
    folder('http', [...BASE, 'bullmq'], 'HTTP knows none of the pages behind it.'),

    // These run in both apps, so they must not pull in either of them.
    folder('events', [...BASE, 'bullmq', 'openapi'], 'Runs in both apps.'),
    folder('history', [...BASE, 'bullmq'], 'Runs in both apps.'),
    {
      name: 'history-behind-its-ports',
      comment:
        'Only history/adapter.ts picks an adapter: the rest of the program works with any store behind ' +
        'history/ports/.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/history/(sqlite/|adapter\\.ts$)' },
      to: { path: '^src/history/sqlite/' },
    },
    {
      name: 'history-ports-know-no-adapter',
      comment: 'A port is what an adapter implements; typed by one adapter, it would exclude the next.',
      severity: 'error',
      from: { path: '^src/history/(ports|query)/' },
      to: { path: '^src/history/(sqlite|recording)/' },
    },
    {
      name: 'history-rules-know-no-database',
      comment: 'How rows are merged and counted holds for every adapter.',
      severity: 'error',
      from: { path: '^src/history/recording/rules/' },
      to: {
        path: '^src/',
        pathNot:
          '^src/(task-api|model|platform|history/(ports|query|recording/rules))/|^src/history/(?!adapter)[^/]+$',
      },
    },
    folder('workers', [...BASE, 'bullmq', 'openapi'], 'Shared by the worker and by those who control it.'),

    // Workers enforce the limits of task types, REST changes them. A worker must not load controllers for that.
    folder('limits', [...BASE, ...REST, 'registry', 'bullmq'], 'Enforced by workers, changed over REST.'),

    folder('queues', [...BASE, ...DATA, ...REST, 'monitoring'], 'Commands on whole queues.'),

    // The only way to write tasks. Pages and monitoring use it, never the other way round.
    folder(
      'tasks',
      [...BASE, ...DATA, ...REST, 'registry', 'limits', 'search', 'bulk-actions'],
      'The only way to write tasks, and every route below /api/v1/tasks.',
    ),
    {
      name: 'tasks-core-knows-no-bulk',
      comment: 'Only the routes call the features that stand on tasks/; its commands and queries must not.',
      severity: 'error',
      from: { path: '^src/tasks/', pathNot: '(\\.controller|\\.openapi|/task-routes\\.module)\\.ts$' },
      to: { path: '^src/(search|bulk-actions)/' },
    },
    {
      name: 'transitions-by-tasks-only',
      comment:
        'A change of state goes through TaskCommands. A worker changes the states of the tasks that it runs.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(bullmq|tasks|worker)/' },
      to: { path: '^src/bullmq/(task|batch)-transitions\\.ts$' },
    },
    {
      name: 'controllers-are-ends',
      comment: 'What two controllers need belongs into a service: a feature imports no other controller.',
      severity: 'error',
      from: { path: '^src/(?:web/)?([^/]+)/', pathNot: '\\.module\\.ts$' },
      to: { path: '\\.controller\\.ts$', pathNot: '^src/(?:web/)?$1/' },
    },

    folder('search', [...BASE, ...DATA, ...REST, 'registry'], 'Finds tasks; changes nothing.'),

    folder(
      'bulk-actions',
      [...BASE, ...DATA, ...REST, 'search', 'tasks'],
      'Commands on many tasks, each through tasks/.',
    ),

    folder('auth', [...BASE, 'bullmq', 'http', 'openapi'], 'Used by everything that answers requests.'),

    // Sees every request and stores who did what in the history.
    folder('audit', [...BASE, ...REST, 'history', 'search'], 'Knows who asked, not what came of it.'),

    // Reads, and acts through tasks/. The worker is another process: it is asked, never imported.
    folder(
      'monitoring',
      [...BASE, ...DATA, ...REST, 'registry', 'audit', 'tasks', 'search', 'bulk-actions'],
      'Reads; acts through tasks/. Warns when the export of the audit is behind.',
    ),
    folder(
      'web',
      [
        ...BASE,
        ...DATA,
        'registry',
        'http',
        'auth',
        'audit',
        'tasks',
        'search',
        'bulk-actions',
        'monitoring',
        'limits',
        'queues',
      ],
      'Pages read; they act through tasks/.',
    ),
    {
      name: 'web-kit-knows-no-page',
      comment: 'Parts that pages share must not depend on one of the pages.',
      severity: 'error',
      from: { path: '^src/web/kit/' },
      to: { path: '^src/web/(?!kit/)' },
    },

    // A worker never loads the web: it starts faster, needs less memory, and a fault in a page cannot stop tasks.
    folder('worker', [...BASE, 'registry', 'bullmq', 'workers', 'limits'], 'A worker never loads the web.'),
    {
      name: 'worker-reaches-no-web',
      comment: 'Also not through another folder: the worker app must stay free of pages and of Express.',
      severity: 'error',
      from: { path: '^src/worker\\.ts$' },
      to: {
        reachable: true,
        path: '^src/(tasks|web|monitoring|http)/|(^|/)node_modules/(hbs|helmet|swagger-ui-dist|@nestjs/platform-express)/',
      },
    },

    {
      name: 'children-reach-no-redis',
      comment: 'A process for isolated tasks runs untrusted code: it has no way to Redis, and starts fast.',
      severity: 'error',
      from: { path: '^src/worker/isolation/child\\.ts$' },
      to: {
        reachable: true,
        path: '^src/(platform/config|platform/logging|bullmq|workers|events|history)/|(^|/)node_modules/(bullmq|@nestjs/bullmq|ioredis|pino)/',
      },
    },

    // BullMQ may change or go; what is written for people and authors must not notice.
    {
      name: 'bullmq-out-of-sight',
      comment: 'Only the folders that store, watch or run jobs know BullMQ.',
      severity: 'error',
      // The web module injects the shared queues, to offer their names.
      from: {
        path: '^src/(task-api|model|task-types|registry|platform|http|web|auth)/',
        pathNot: '^src/web/queues/offered-queues',
      },
      to: { path: '(^|/)node_modules/(bullmq|@nestjs/bullmq)/' },
    },

    // Every feature describes its operations with these; the document alone knows the features.
    {
      name: 'openapi-parts-know-no-feature',
      comment: 'Only openapi-document.ts and the shape of problems put the features together.',
      severity: 'error',
      from: { path: '^src/openapi/(components|error-guide|named-schemas|operation)\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(openapi|model|task-api)/' },
    },
    {
      name: 'schemas-load-with-the-document',
      comment:
        'The library of the schemas has hundreds of files: only the OpenAPI document loads it, on request. Import the type.',
      severity: 'error',
      from: { path: '^src/', pathNot: '(\\.openapi|^src/openapi/.*|^src/model/task-view)\\.ts$' },
      to: {
        path: '(\\.openapi\\.ts$|^src/model/(schema|task-view)\\.ts$)',
        dependencyTypesNot: ['type-only'],
      },
    },

    // What helps the tests must not end up in the product.
    {
      name: 'no-tests-in-src',
      comment: 'The product never loads what is there for its tests.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },

    // A cycle means that two files are one; imports of types count too, since they tie the reader just the same.
    {
      name: 'no-circular',
      comment: 'Take out what both need, or make them one.',
      severity: 'error',
      from: { path: '^(src|test)/' },
      to: { circular: true },
    },

    // An import that leads nowhere works in the editor and fails in the field.
    {
      name: 'resolvable',
      comment: 'Correct the path, or add the package to package.json.',
      severity: 'error',
      from: { path: '^(src|test)/' },
      to: { couldNotResolve: true },
    },

    // npm ci --omit=dev leaves these out.
    {
      name: 'no-dev-packages-in-src',
      comment: 'Move the package from devDependencies to dependencies.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '(^|/)node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    tsConfig: { fileName: 'tsconfig.test.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
