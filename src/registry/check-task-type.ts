import { MAX_TIMER_MS } from '../task-api/delays.js';
import { getFields } from '../task-api/field.decorator.js';
import { DEFAULT_QUEUE, QUEUE_NAME, QUEUE_NAME_WORDS } from '../model/queue-name.js';
import { decoratorProblems } from './decorator-problems.js';
import { validatorsOf, type InputClass } from './input-metadata.js';
import type * as schemaChecks from './schema-check.js';
import type { TaskTypeFolder } from './task-type-folder.js';
import type { TaskType } from './task-type.js';
import { inspectInput, isWithin, type SchemaCheck } from './validate-input.js';

/** A child that has only started is about 80 MB large. */
const MIN_CHILD_MB = 128;
const MAX_CHILD_MB = 65_536;

/** An argument, because not every process loads this module. */
type SchemaChecks = typeof schemaChecks;

/** Returns the faults of a declared task type, each with its fix; empty if there are none. */
export async function checkTaskType(
  type: TaskType,
  folder?: TaskTypeFolder,
  schemaCheck?: SchemaChecks,
): Promise<string[]> {
  const problems = [...checkOptions(type), ...(await checkInput(type, folder, schemaCheck))];
  return problems.map((problem) => `${type.name}: ${problem}`);
}

function checkOptions(type: TaskType): string[] {
  const { title, queue, attempts, backoff, softTimeoutMs, hardTimeoutMs, resultLimitBytes } = type;
  const { isolate, cancelGraceMs, maxTasksPerChild, maxChildMemoryMb } = type;
  const problems: string[] = [];
  const demand = (right: boolean, problem: string) => {
    if (!right) problems.push(problem);
  };
  const isWhole = (value: number, min: number, max: number) =>
    Number.isInteger(value) && value >= min && value <= max;

  demand(
    typeof title === 'string' && title.trim() !== '',
    'the title is empty. Give it a few words for the form.',
  );
  demand(
    typeof queue === 'string' && QUEUE_NAME.test(queue),
    `the queue is named '${queue}'. Give it a name ${QUEUE_NAME_WORDS}, or leave it out for '${DEFAULT_QUEUE}'.`,
  );
  demand(isWhole(attempts, 1, 100), `attempts is ${attempts}. Make it a whole number from 1 to 100.`);
  demand(
    backoff.type === 'fixed' || backoff.type === 'exponential',
    `backoff.type is '${String(backoff.type)}'. Make it 'fixed' or 'exponential'.`,
  );
  demand(
    isWhole(backoff.delayMs, 0, MAX_TIMER_MS),
    `backoff.delayMs is ${backoff.delayMs}. Make it a whole number of milliseconds, 0 or more.`,
  );
  const { maxDelayMs } = backoff;
  demand(
    maxDelayMs === undefined || (isWhole(maxDelayMs, 1, MAX_TIMER_MS) && maxDelayMs >= backoff.delayMs),
    `backoff.maxDelayMs is ${maxDelayMs}. Make it a whole number of milliseconds, not below delayMs (${backoff.delayMs}), or leave it out.`,
  );
  demand(
    maxDelayMs === undefined || backoff.type === 'exponential',
    `backoff.maxDelayMs is for exponential pauses. Make backoff.type 'exponential', or leave it out.`,
  );
  const jitter = backoff.jitter ?? 0;
  demand(jitter >= 0 && jitter <= 1, `backoff.jitter is ${jitter}. Make it a number from 0 to 1.`);
  for (const [name, value] of Object.entries({ softTimeoutMs, hardTimeoutMs })) {
    demand(
      value === undefined || isWhole(value, 1, MAX_TIMER_MS),
      `${name} is ${value}. Make it a whole number of milliseconds from 1 to ${MAX_TIMER_MS}, or leave it out.`,
    );
  }
  demand(
    !(softTimeoutMs! > hardTimeoutMs!),
    `softTimeoutMs (${softTimeoutMs}) is above hardTimeoutMs (${hardTimeoutMs}). The soft limit has to come first.`,
  );
  demand(
    isWhole(resultLimitBytes, 1, Number.MAX_SAFE_INTEGER),
    `resultLimitBytes is ${resultLimitBytes}. Make it a whole number of bytes, 1 or more.`,
  );
  demand(typeof isolate === 'boolean', `isolate is ${String(isolate)}. Make it true or false.`);
  demand(
    isWhole(cancelGraceMs, 0, MAX_TIMER_MS),
    `cancelGraceMs is ${cancelGraceMs}. Make it a whole number of milliseconds, 0 or more.`,
  );
  demand(
    maxTasksPerChild === undefined || isWhole(maxTasksPerChild, 1, Number.MAX_SAFE_INTEGER),
    `maxTasksPerChild is ${maxTasksPerChild}. Make it a whole number, 1 or more, or leave it out.`,
  );
  demand(
    maxTasksPerChild === undefined || isolate,
    `maxTasksPerChild is for isolated task types. Add isolate: true, or leave it out.`,
  );
  demand(
    isWhole(maxChildMemoryMb, MIN_CHILD_MB, MAX_CHILD_MB),
    `maxChildMemoryMb is ${maxChildMemoryMb}. Make it a whole number of megabytes from ${MIN_CHILD_MB} to ${MAX_CHILD_MB}.`,
  );
  demand(
    typeof type.handlerClass.prototype?.run === 'function',
    `${type.handlerClass.name} has no run(input, ctx) method. Implement TaskHandler.`,
  );
  return problems;
}

async function checkInput(
  type: TaskType,
  folder: TaskTypeFolder | undefined,
  schemaCheck: SchemaChecks | undefined,
): Promise<string[]> {
  const { inputClass } = type;
  const name = inputClass.name || 'the input class';
  let properties: string[];
  try {
    properties = Object.keys(new inputClass());
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      `${name} cannot be constructed: ${why}. It must work without arguments; use property defaults only.`,
    ];
  }
  const fields = [...getFields(inputClass).keys()];
  if (fields.length === 0)
    return [`${name} has no @Field. Mark each property of the input with @Field({ ... }).`];
  const validated = new Set(validatorsOf(inputClass).map((validator) => validator.propertyName));
  const problems: string[] = [];
  for (const property of new Set([...validated, ...properties])) {
    if (!fields.includes(property)) {
      problems.push(
        `${name}.${property} has no @Field. Add @Field({ ... }) so that it shows in form and schema.`,
      );
    }
  }
  for (const field of fields.filter((one) => !validated.has(one))) {
    problems.push(
      `${name}.${field} has no validator. Add one of class-validator, such as @IsString() or @IsInt().`,
    );
  }
  const nameOf = (one: InputClass) => folder?.nameOf(one) ?? one.name;
  problems.push(...decoratorProblems(inputClass, nameOf));
  if (schemaCheck) problems.push(...schemaFaults(type, nameOf(inputClass), schemaCheck));
  return problems.length > 0 ? problems : checkSamples(type, name, schemaCheck?.schemaProblems);
}

/** Schemas that `@Field` adds, and that nobody could hold an input to. */
function schemaFaults(
  { inputClass, schema }: TaskType,
  className: string,
  { schemaFault, FORMATS }: SchemaChecks,
): string[] {
  return [...getFields(inputClass)].flatMap(([name, options]) => {
    const fault = schemaFault(schema.properties?.[name] ?? {});
    if (fault)
      return [`${className}: @Field({ schema }) of ${name} is no JSON Schema: ${fault}. Correct it.`];
    const { format } = options.schema ?? {};
    if (format === undefined || Object.hasOwn(FORMATS, String(format))) return [];
    const known = Object.keys(FORMATS).join(', ');
    return [
      `${className}: nobody checks the format '${String(format)}' of @Field({ schema }) of ${name}. Formats: ${known}. Leave it out, or use a pattern.`,
    ];
  });
}

/** Values the class itself offers have to pass its own validators, or the form would start out wrong. */
async function checkSamples(
  type: TaskType,
  className: string,
  promised: SchemaCheck = () => [],
): Promise<string[]> {
  const wrong: string[] = [];
  const values = new Map(
    [...getFields(type.inputClass)].map(([name, options]) => [name, samplesOf(type, name, options)]),
  );
  const base = Object.fromEntries(
    [...values]
      .map(([name, { prefill, example }]) => [name, prefill ?? example])
      .filter(([, value]) => value !== undefined),
  );
  for (const [name, samples] of values) {
    for (const [kind, value] of Object.entries(samples)) {
      if (value === undefined) continue;
      const sample = { ...base, [name]: value };
      const { problems } = await inspectInput(type, sample);
      const found = problems.length > 0 ? problems : promised(type, sample);
      const first = found.find(({ path }) => isWithin(path, new Set([`input.${name}`])));
      if (first)
        wrong.push(`${className}.${name}: its ${kind} does not pass its own validators, ${first.message}.`);
    }
  }
  return wrong;
}

function samplesOf(type: TaskType, name: string, options: { prefill?: unknown; example?: unknown }) {
  return {
    default: type.schema.properties?.[name]?.default,
    prefill: options.prefill,
    example: options.example,
  };
}
