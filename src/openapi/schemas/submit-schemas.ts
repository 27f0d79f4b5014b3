import { MAX_DELAY_MS, MAX_TIMER_MS } from '../../task-api/delays.js';
import type { JsonSchema, TaskType } from '../../registry/task-type.js';
import { TASK_STATES } from '../../model/states.js';
import { anyObject, count, list, object, ref, text, time, type Schema, type Schemas } from '../schema.js';

/** Schemas of submit requests: one per task type, taken from its input class, and the shared parts. */
export function submitSchemas(types: readonly TaskType[], queues: readonly string[]): Schemas {
  const own = types.flatMap((type) => [
    [inputName(type), withoutDialect(openObjects(type.schema))],
    [submitName(type), submitSchema(type)],
    [lineName(type), submitSchema(type, LINE_MEMBERS)],
  ]);
  return {
    ...COMMON,
    ManagedQueue: {
      type: 'string',
      enum: [...queues],
      description: 'A queue of this Roost, named by a task type or by the setting QUEUES.',
    },
    Submit: {
      description: 'The fields of `input` depend on `type`.',
      ...byType(types, submitName),
    },
    SubmitLine: {
      description: 'One task of a bulk request: as in `POST /tasks`, with an optional `idempotencyKey`.',
      ...byType(types, lineName),
    },
    ...Object.fromEntries(own),
  };
}

/** Builds a valid example input from the examples of the fields, or from the initial values of the form. */
export function exampleInput({ schema, fields }: TaskType): Record<string, unknown> {
  const required = new Set(schema.required);
  return Object.fromEntries(
    fields.flatMap(({ name, prefill }) => {
      const { examples, default: standard } = schema.properties?.[name] ?? {};
      const value = examples?.[0] ?? prefill ?? standard;
      return value === undefined || (!required.has(name) && value === standard) ? [] : [[name, value]];
    }),
  );
}

/** Creates a union of schemas with the discriminator `type`. */
function byType(types: readonly TaskType[], nameOf: (type: TaskType) => string): Schema {
  return {
    oneOf: types.map((type) => ref(nameOf(type))),
    discriminator: {
      propertyName: 'type',
      mapping: Object.fromEntries(types.map((type) => [type.name, `#/components/schemas/${nameOf(type)}`])),
    },
  };
}

/** @param more optional members in addition to those of a single request. */
function submitSchema(type: TaskType, more: Schemas = {}): Schema {
  return {
    title: type.title,
    ...(type.summary ? { description: type.summary } : {}),
    ...object(
      { type: { const: type.name }, input: ref(inputName(type)), options: ref('SubmitOptions'), ...more },
      ['options', ...Object.keys(more)],
    ),
    additionalProperties: false,
    examples: [{ type: type.name, input: exampleInput(type) }],
  };
}

/** Converts a task type to a schema name: `count-primes` becomes `CountPrimes...`. */
function pascal(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

function inputName({ name }: TaskType): string {
  return `Input${pascal(name)}`;
}

function submitName({ name }: TaskType): string {
  return `Submit${pascal(name)}`;
}

function lineName({ name }: TaskType): string {
  return `Line${pascal(name)}`;
}

const LINE_MEMBERS: Schemas = {
  idempotencyKey: text('Same as the header Idempotency-Key of a single request.', {
    minLength: 1,
    maxLength: 255,
  }),
};

/** Removes the dialect, which the document declares once. */
function withoutDialect({ $schema: _, ...schema }: JsonSchema): Schema {
  return schema;
}

/** Adds `additionalProperties` to objects without named members: client generators treat them as empty otherwise. */
function openObjects(schema: JsonSchema): JsonSchema {
  const { properties, items } = schema;
  const isOpen = properties === undefined && schema.additionalProperties === undefined;
  return {
    ...schema,
    ...(isOpen && [schema.type].flat().includes('object') ? { additionalProperties: true } : {}),
    ...(items ? { items: openObjects(items) } : {}),
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [name, openObjects(one)]),
          ),
        }
      : {}),
  };
}

const BACKOFF = object(
  {
    type: { type: 'string', enum: ['fixed', 'exponential'] },
    delayMs: {
      type: 'integer',
      minimum: 0,
      maximum: 86_400_000,
      description: 'Pause before the second attempt, ms.',
    },
    maxDelayMs: {
      type: 'integer',
      minimum: 1,
      description:
        'Exponential only: maximum pause, ms, not below `delayMs`. A pause never exceeds one year.',
    },
    jitter: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      description: 'Random share of each pause, 0 to 1.',
    },
  },
  ['maxDelayMs', 'jitter'],
  { description: 'Pause before the next attempt.', additionalProperties: false },
);

const COMMON: Schemas = {
  Backoff: BACKOFF,
  SubmitOptions: {
    description: 'Options of the run, all optional.',
    type: ['object', 'null'],
    additionalProperties: false,
    properties: {
      delayMs: {
        type: 'integer',
        minimum: 0,
        maximum: MAX_DELAY_MS,
        description: 'Delay before the run, ms. Cannot be combined with `runAt`.',
      },
      runAt: time(
        'Runs at this time, given with its zone. Up to a minute past means now; up to a year ahead.',
      ),
      priority: {
        type: 'integer',
        minimum: 0,
        maximum: 1000,
        default: 0,
        description: '0: none; 1 runs before 2. Tasks with a priority run after those without.',
      },
      attempts: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        description: 'Maximum number of attempts. Default: that of the task type.',
      },
      backoff: ref('Backoff'),
      softTimeoutMs: {
        type: 'integer',
        minimum: 1,
        maximum: MAX_TIMER_MS,
        description:
          'Time after which an attempt is asked to stop, ms; replaces the limit of the type. Must not exceed the hard limit. If `PUT /limits/{type}` has set a limit too, the lower one applies.',
      },
      hardTimeoutMs: {
        type: 'integer',
        minimum: 1,
        maximum: MAX_TIMER_MS,
        description:
          'Time after which an attempt fails even if its handler does not stop, ms; the same rules apply.',
      },
      expiresAt: time('Time after which the task does not start any more and ends as `expired`.'),
      tags: list(
        { type: 'string', minLength: 1, maxLength: 64 },
        { maxItems: 20, description: 'Tags, for searches.' },
      ),
    },
    examples: [
      { delayMs: 60_000, attempts: 3, backoff: { type: 'exponential', delayMs: 1000 }, tags: ['report'] },
    ],
  },
  BulkOutcome: object(
    {
      line: { type: 'integer', minimum: 1, description: 'Line number, from 1; blank lines are not counted.' },
      ok: { type: 'boolean' },
      id: text('Id of the accepted task.'),
      state: { type: 'string', enum: [...TASK_STATES] },
      links: ref('TaskLinks'),
      error: object(
        { code: ref('ErrorCode'), detail: text('The problem.'), fields: list(ref('FieldProblem')) },
        ['fields'],
      ),
    },
    ['id', 'state', 'links', 'error'],
  ),
  BulkAnswer: object({
    accepted: count('Number of accepted lines.'),
    refused: count('Number of refused lines; each has its error.'),
    items: list(ref('BulkOutcome'), { description: 'Outcomes, in the order of the lines.' }),
  }),
  TaskTypeView: object({
    name: text('Value of `type` in a submission.'),
    title: text('Title for users.'),
    summary: text('Summary of the task type; empty where it has none.'),
    queue: ref('ManagedQueue'),
    defaults: object(
      {
        attempts: { type: 'integer', minimum: 1 },
        backoff: ref('Backoff'),
        softTimeoutMs: count('Time after which an attempt is asked to stop, ms.'),
        hardTimeoutMs: count('Time after which an attempt fails, ms.'),
        isolate: { type: 'boolean', description: 'Runs in its own process, which can be killed.' },
        cancelGraceMs: count('Isolated: grace period between the request to stop and the kill, ms.'),
        maxChildMemoryMb: count('Isolated: heap limit of its process, MB.'),
        maxTasksPerChild: count('Isolated: number of tasks after which its process is replaced.'),
      },
      ['softTimeoutMs', 'hardTimeoutMs', 'cancelGraceMs', 'maxChildMemoryMb', 'maxTasksPerChild'],
    ),
    schema: anyObject('JSON Schema (draft 2020-12) of the input.'),
  }),
  TaskTypeList: object({ items: list(ref('TaskTypeView')) }),
  CancelRequest: {
    type: 'object',
    properties: {
      reason: text('Reason; stored with the task.', { maxLength: 500 }),
      force: {
        type: 'boolean',
        description: 'For a running task: does not wait for its handler. An isolated one is killed.',
      },
    },
    additionalProperties: false,
  },
};
