// Which room of src/ may import which: data takes one direction, and a worker stays small.
// Run by `npm run check`. `config` and `logging` are open to every room that runs something; `http` to those that answer.

const RUNS = ['contract', 'config', 'logging'];
const READS = ['queue', 'events', 'history', 'fleet'];

/** A room may import itself and the rooms named; anything else of ours breaks the rule. */
function room(name, mayImport, reason) {
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
    // The contract is what task types, pages and other programs are written against: it must stand alone.
    room('contract', [], 'The contract is a leaf.'),

    // Settings are read once, before anything else exists; only names and words may come from the contract.
    room('config', ['contract'], 'Settings come before everything else.'),

    // A log line must be possible from anywhere, so the log knows nobody.
    room('logging', ['contract', 'config'], 'Everyone logs, so the log knows nobody.'),

    // A task type is work and nothing else: it runs in any worker, and its author needs to know only the contract.
    room('task-types', ['contract'], 'A task type is work and nothing else.'),
    {
      name: 'task-types-apart',
      comment:
        'A task type is one folder: what two of them share belongs into a library, or it is one task type.',
      severity: 'error',
      from: { path: '^src/task-types/([^/]+)/' },
      to: { path: '^src/task-types/', pathNot: '^src/task-types/$1/' },
    },

    // The catalog finds task types by reading their directory; importing one by name would make a second list of them.
    room('catalog', ['contract'], 'Task types are found by scan, never by name.'),

    // The one place that knows BullMQ's records: everyone stands on it, so it stands on nothing above.
    room('queue', RUNS, 'Everyone stands on the queue.'),

    // The edge of HTTP (errors, bodies, headers) serves every controller; it must not know what they are about.
    room('http', [...RUNS, 'queue'], 'The edge does not know the pages behind it.'),

    // These watch and keep what happens in Redis. They run in both apps, so neither app's rooms may come with them.
    room('events', [...RUNS, 'queue'], 'Runs in both apps.'),
    room('history', [...RUNS, 'queue'], 'Runs in both apps.'),
    room('fleet', [...RUNS, 'queue'], 'Both sides speak it: the worker and who controls it.'),

    // Limits of task types: kept by workers, changed over REST. What a worker loads of it must not answer requests.
    room(
      'limits',
      [...RUNS, 'access', 'catalog', 'queue', 'http'],
      'Both sides of it: who keeps limits and who sets them.',
    ),

    // Acts on queues as wholes; on single tasks only tasks/ acts.
    room('queues', [...RUNS, ...READS, 'access', 'http', 'monitoring'], 'Queues as wholes.'),

    // The one door for writes. Pages and monitoring come in through it, never the other way.
    room('tasks', [...RUNS, ...READS, 'access', 'catalog', 'http', 'limits'], 'The one door for writes.'),

    // Finding tasks in the history, for lists, pages and export.
    room('search', [...RUNS, ...READS, 'access', 'catalog', 'http'], 'Finds; changes nothing.'),

    // Acts on many tasks, each through the one door.
    room(
      'bulk',
      [...RUNS, ...READS, 'access', 'http', 'search', 'tasks'],
      'Many tasks, each through tasks/.',
    ),

    // Who may do what, asked by the rooms that answer requests.
    room('access', [...RUNS, 'queue', 'http'], 'Asked by everyone who answers.'),

    // Sees every request, and keeps who did what in the history.
    room(
      'audit',
      [...RUNS, 'history', 'http', 'access', 'search'],
      'Knows who asked, not what was done about it.',
    ),

    // The read side, and the door of tasks/ for actions. The worker is another process: it is asked, never imported.
    room(
      'monitoring',
      [...RUNS, ...READS, 'catalog', 'http', 'access', 'tasks', 'search', 'bulk'],
      'Reads; acts through tasks/.',
    ),
    room(
      'web',
      [
        ...RUNS,
        ...READS,
        'catalog',
        'http',
        'access',
        'audit',
        'tasks',
        'search',
        'bulk',
        'monitoring',
        'limits',
        'queues',
      ],
      'Pages read; they act through tasks/.',
    ),

    // A worker never loads the web: it starts faster, needs less memory, and a fault in a page cannot stop tasks.
    room('worker', [...RUNS, 'catalog', 'queue', 'fleet', 'limits'], 'A worker never loads the web.'),
    {
      name: 'worker-reaches-no-web',
      comment:
        'Not by way of another room either: whatever the worker app loads must be free of pages and of Express.',
      severity: 'error',
      from: { path: '^src/worker\\.ts$' },
      to: {
        reachable: true,
        path: '^src/(tasks|web|monitoring|http)/|(^|/)node_modules/(hbs|helmet|@nestjs/(swagger|platform-express))/',
      },
    },

    {
      name: 'children-reach-no-redis',
      comment:
        'A process for isolated tasks runs what nobody vouches for: it has no way to Redis, and starts fast.',
      severity: 'error',
      from: { path: '^src/worker/isolation/child\\.ts$' },
      to: {
        reachable: true,
        path: '^src/(config|logging|queue|fleet|events|history)/|(^|/)node_modules/(bullmq|@nestjs/bullmq|ioredis|pino)/',
      },
    },

    // BullMQ may change or go; what is written for people and authors must not notice.
    {
      name: 'bullmq-out-of-sight',
      comment: 'Only the rooms that keep, watch or run jobs know BullMQ.',
      severity: 'error',
      // The web module injects the shared queues, to offer their names.
      from: {
        path: '^src/(contract|task-types|catalog|config|logging|http|web|access)/',
        pathNot: '^src/web/offered-queues',
      },
      to: { path: '(^|/)node_modules/(bullmq|@nestjs/bullmq)/' },
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
