import * as s from '../model/schema.js';
import type { JsonSchema, TaskType } from '../registry/task-type.js';
import { MAX_DELAY_MS, MAX_TIMER_MS } from '../task-api/delays.js';

export const Backoff = s.named(
  'Backoff',
  s.closed(
    {
      type: s.oneOf(['fixed', 'exponential']),
      delayMs: s.integer({
        minimum: 0,
        maximum: 86_400_000,
        description: 'Pause before the second attempt, ms.',
      }),
      maxDelayMs: s.optional(
        s.integer({
          minimum: 1,
          description:
            'Exponential only: maximum pause, ms, not below `delayMs`. A pause never exceeds one year.',
        }),
      ),
      jitter: s.optional(
        s.number({ minimum: 0, maximum: 1, description: 'Random share of each pause, 0 to 1.' }),
      ),
    },
    { description: 'Pause before the next attempt.' },
  ),
);

const SubmitOptions = s.named('SubmitOptions', {
  ...s.closed(
    {
      delayMs: s.optional(
        s.integer({
          minimum: 0,
          maximum: MAX_DELAY_MS,
          description: 'Delay before the run, ms. Cannot be combined with `runAt`.',
        }),
      ),
      runAt: s.optional(
        s.time('Runs at this time, given with its zone. Up to a minute past means now; up to a year ahead.'),
      ),
      priority: s.optional(
        s.integer({
          minimum: 0,
          maximum: 1000,
          default: 0,
          description: '0: none; 1 runs before 2. Tasks with a priority run after those without.',
        }),
      ),
      attempts: s.optional(
        s.integer({
          minimum: 1,
          maximum: 100,
          description: 'Maximum number of attempts. Default: that of the task type.',
        }),
      ),
      backoff: s.optional(Backoff),
      softTimeoutMs: s.optional(
        s.integer({
          minimum: 1,
          maximum: MAX_TIMER_MS,
          description:
            'Time after which an attempt is asked to stop, ms; replaces the limit of the type. Must not exceed the hard limit. If `PUT /limits/{type}` has set a limit too, the lower one applies.',
        }),
      ),
      hardTimeoutMs: s.optional(
        s.integer({
          minimum: 1,
          maximum: MAX_TIMER_MS,
          description:
            'Time after which an attempt fails even if its handler does not stop, ms; the same rules apply.',
        }),
      ),
      expiresAt: s.optional(
        s.time('Time after which the task does not start any more and ends as `expired`.'),
      ),
      tags: s.optional(
        s.list(s.text('A tag.', { minLength: 1, maxLength: 64 }), 'Tags, for searches.', { maxItems: 20 }),
      ),
    },
    {
      description: 'Options of the run, all optional.',
      examples: [
        { delayMs: 60_000, attempts: 3, backoff: { type: 'exponential', delayMs: 1000 }, tags: ['report'] },
      ],
    },
  ),
  // The members of an object, which may be null as a whole.
  type: ['object', 'null'],
} as unknown as s.TSchema);

const LINE_MEMBERS = {
  idempotencyKey: s.optional(
    s.text('Same as the header Idempotency-Key of a single request.', { minLength: 1, maxLength: 255 }),
  ),
};

/** Creates a union of the requests of all types, distinguished by `type`. */
export function byType(kind: 'Submit' | 'Line', description: string, types: readonly TaskType[]) {
  const nameOf = ({ name }: TaskType) => kind + pascal(name);
  return s.named(
    kind === 'Line' ? 'SubmitLine' : kind,
    s.raw({
      description,
      oneOf: types.map((type) =>
        s.named(
          nameOf(type),
          s.closed(
            {
              type: s.constant(type.name),
              input: s.named(`Input${pascal(type.name)}`, s.raw(toInput(type.schema))),
              options: s.optional(SubmitOptions),
              ...(kind === 'Line' ? LINE_MEMBERS : {}),
            },
            {
              title: type.title,
              ...(type.summary ? { description: type.summary } : {}),
              examples: [{ type: type.name, input: exampleInput(type) }],
            },
          ),
        ),
      ),
      discriminator: {
        propertyName: 'type',
        mapping: Object.fromEntries(types.map((type) => [type.name, `#/components/schemas/${nameOf(type)}`])),
      },
    }),
  );
}

/** Converts a task type to a schema name: `count-primes` becomes `CountPrimes...`. */
function pascal(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

/** Removes the dialect, which the document declares once. */
function toInput({ $schema: _, ...schema }: JsonSchema): JsonSchema {
  return openObjects(schema);
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

/** Builds an example request of each type, and one with options. */
export function bodyExamples(types: readonly TaskType[]): Record<string, object> {
  const plain = types.map((type) => [
    type.name,
    { summary: type.title, value: { type: type.name, input: exampleInput(type) } },
  ]);
  const [first] = types;
  if (!first) return {};
  const options = {
    delayMs: 60_000,
    attempts: 3,
    backoff: { type: 'exponential', delayMs: 1000, jitter: 0.2 },
    tags: ['example'],
  };
  return {
    ...Object.fromEntries(plain),
    options: { summary: 'With options', value: { type: first.name, input: exampleInput(first), options } },
  };
}
