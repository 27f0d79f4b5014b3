import type { TaskType } from '../../catalog/task-type.js';
import { QUEUE_NAMES } from '../../contract/queues.js';
import { TASK_STATES } from '../../contract/states.js';
import { count, list, object, ref, text, time, type Schema, type Schemas } from '../schema.js';

/** What can be handed in: one schema per task type, taken from its input class, and what all have in common. */
export function submitSchemas(types: readonly TaskType[]): Schemas {
  const own = types.flatMap((type) => [
    [inputName(type), withoutDialect(type.schema)],
    [submitName(type), submitSchema(type)],
  ]);
  return {
    ...COMMON,
    Submit: {
      description: 'Which fields `input` has depends on `type`.',
      oneOf: types.map((type) => ref(submitName(type))),
      discriminator: {
        propertyName: 'type',
        mapping: Object.fromEntries(
          types.map((type) => [type.name, `#/components/schemas/${submitName(type)}`]),
        ),
      },
    },
    SubmitLine: {
      description:
        'One task of a bulk request: as in `POST /tasks`, with its own `idempotencyKey` if need be.',
      type: 'object',
      properties: {
        type: { type: 'string', enum: types.map(({ name }) => name) },
        input: { type: 'object' },
        options: ref('SubmitOptions'),
        idempotencyKey: text('As the Idempotency-Key header of a single request.', {
          minLength: 1,
          maxLength: 255,
        }),
      },
      required: ['type', 'input'],
      additionalProperties: false,
    },
    ...Object.fromEntries(own),
  };
}

/** An input somebody could really hand in: the examples of the fields, else what its form starts with. */
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

function submitSchema(type: TaskType): Schema {
  return {
    title: type.title,
    ...(type.summary ? { description: type.summary } : {}),
    ...object({ type: { const: type.name }, input: ref(inputName(type)), options: ref('SubmitOptions') }, [
      'options',
    ]),
    additionalProperties: false,
    examples: [{ type: type.name, input: exampleInput(type) }],
  };
}

/** `count-primes` is `CountPrimes...` in the document. */
function pascal(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

function inputName({ name }: TaskType): string {
  return `Input${pascal(name)}`;
}

function submitName({ name }: TaskType): string {
  return `Submit${pascal(name)}`;
}

/** The whole document names the dialect once. */
function withoutDialect({ $schema: _, ...schema }: TaskType['schema']): Schema {
  return schema;
}

const BACKOFF = object(
  {
    type: { type: 'string', enum: ['fixed', 'exponential'] },
    delayMs: {
      type: 'integer',
      minimum: 0,
      maximum: 86_400_000,
      description: 'Before the second attempt, ms.',
    },
    jitter: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      description: 'How much of each pause is left to chance.',
    },
  },
  ['jitter'],
  { description: 'How long to pause before the next attempt.', additionalProperties: false },
);

const COMMON: Schemas = {
  Backoff: BACKOFF,
  SubmitOptions: {
    description: 'When and how it is to run. All of it can be left out.',
    type: ['object', 'null'],
    additionalProperties: false,
    properties: {
      delayMs: {
        type: 'integer',
        minimum: 0,
        maximum: 366 * 86_400_000,
        description: 'Runs after so many ms. Not together with `runAt`.',
      },
      runAt: time(
        'Runs at this time, given with its zone. Up to a minute past means now; up to a year ahead.',
      ),
      priority: {
        type: 'integer',
        minimum: 0,
        maximum: 1000,
        default: 0,
        description: '0: none; 1 runs before 2. One with a priority runs after those without.',
      },
      attempts: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        description: 'Defaults to what the task type says.',
      },
      backoff: ref('Backoff'),
      expiresAt: time('Unless it has started by then it is not run any more: it ends as `expired`.'),
      tags: list(
        { type: 'string', minLength: 1, maxLength: 64 },
        { maxItems: 20, description: 'Words to find it by.' },
      ),
    },
    examples: [
      { delayMs: 60_000, attempts: 3, backoff: { type: 'exponential', delayMs: 1000 }, tags: ['report'] },
    ],
  },
  BulkOutcome: object(
    {
      line: { type: 'integer', minimum: 1, description: 'Counts from 1; blank lines are not counted.' },
      ok: { type: 'boolean' },
      id: text('Of the task that was accepted.'),
      state: { type: 'string', enum: [...TASK_STATES] },
      links: ref('TaskLinks'),
      error: object(
        { code: ref('ErrorCode'), detail: text('What is wrong.'), fields: list(ref('FieldProblem')) },
        ['fields'],
      ),
    },
    ['id', 'state', 'links', 'error'],
  ),
  BulkAnswer: object({
    accepted: count('Lines that are tasks now.'),
    refused: count('Lines that are not; each says why.'),
    items: list(ref('BulkOutcome'), { description: 'One a line, in the order of the lines.' }),
  }),
  TaskTypeView: object({
    name: text('What `type` has to be to hand in one of these.'),
    title: text('For people.'),
    summary: text('What it does; empty where it does not say.'),
    queue: { type: 'string', enum: [...QUEUE_NAMES] },
    defaults: object(
      {
        attempts: { type: 'integer', minimum: 1 },
        backoff: ref('Backoff'),
        softTimeoutMs: count('After so many ms an attempt is asked to stop.'),
        hardTimeoutMs: count('After so many ms an attempt fails.'),
        isolate: { type: 'boolean', description: 'It runs in a process of its own, which can be killed.' },
        cancelGraceMs: count('Isolated: so many ms after it was asked to stop its process is killed.'),
        maxChildMemoryMb: count('Isolated: heap limit of its process.'),
        maxTasksPerChild: count('Isolated: tasks after which its process is replaced.'),
      },
      ['softTimeoutMs', 'hardTimeoutMs', 'cancelGraceMs', 'maxChildMemoryMb', 'maxTasksPerChild'],
    ),
    schema: { type: 'object', description: 'JSON Schema (draft 2020-12) of the input.' },
  }),
  TaskTypeList: object({ items: list(ref('TaskTypeView')) }),
  CancelRequest: {
    type: 'object',
    properties: {
      reason: text('Why, kept with the task.', { maxLength: 500 }),
      force: {
        type: 'boolean',
        description: 'Of a running one: do not wait for its handler. An isolated one is killed.',
      },
    },
    additionalProperties: false,
  },
};
