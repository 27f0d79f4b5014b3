import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { RegistryError } from '../../../src/registry/registry-error.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../../src/registry/load-task-types.js';
import type { TaskType } from '../../../src/registry/task-type.js';

const fixtures = (name: string) => fileURLToPath(new URL(`../../support/fixtures/${name}`, import.meta.url));

describe('loadTaskTypes', () => {
  it('finds every type of the house by its folder', async () => {
    const types = await loadTaskTypes(defaultTaskTypesDir());
    const names = types.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['count-primes', 'divide', 'process-text']));
  });

  describe('with sound types', () => {
    let types: TaskType[];
    beforeAll(async () => {
      types = await loadTaskTypes(fixtures('task-types-good'));
    });

    it('fills in what a type leaves out', () => {
      expect(types[0]).toMatchObject({
        name: 'place-order',
        queue: 'cpu',
        attempts: 1,
        backoff: { type: 'exponential', delayMs: 1000, jitter: 0.2 },
        resultLimitBytes: 1_048_576,
        isolate: false,
        cancelGraceMs: 5000,
        maxChildMemoryMb: 512,
      });
      expect(types[0]).not.toHaveProperty('softTimeoutMs');
    });

    it('keeps what a type declares', () => {
      expect(types[1]).toMatchObject({
        name: 'send-email',
        title: 'Send e-mail',
        summary: '',
        attempts: 3,
        softTimeoutMs: 20_000,
        hardTimeoutMs: 30_000,
      });
    });

    it('offers the injectable classes of all files of the folder, and no others', () => {
      const names = types.map((type) => type.providers.map(({ name }) => name).sort());
      expect(names).toEqual([
        ['OrderIds', 'PlaceOrderTask'],
        ['Mailer', 'SendEmailTask'],
      ]);
      expect(types[1]!.providers).toContain(types[1]!.handlerClass);
    });
  });

  describe('with broken types', () => {
    let problems: readonly string[];
    let message: string;
    beforeAll(async () => {
      const error: unknown = await loadTaskTypes(fixtures('task-types-broken')).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(RegistryError);
      ({ problems, message } = error as RegistryError);
    });

    it.each([
      [
        'a file without a folder',
        'lonely.task.ts: stands alone. Move it into a folder of its own: lonely/lonely.task.ts.',
      ],
      [
        'a name that is not kebab-case',
        'Bad_Name: the name is not in kebab-case. Use lower-case words joined by "-", such as send-email.',
      ],
      [
        'a folder without a task file',
        "no-task-file: there is no no-task-file.task.ts. Create it with a class marked @Task({ name: 'no-task-file', ... }), or remove the folder.",
      ],
      [
        'a file of another kind than those that are run',
        'other-kind: other-kind.task.mjs is not run here: this Roost runs .ts files. Rename it to other-kind.task.ts.',
      ],
      [
        'a file named otherwise than its folder',
        'misnamed-file: other-name.task.ts is not named like its folder. Rename it to misnamed-file.task.ts, or the folder to other-name.',
      ],
      [
        'a task named otherwise than its folder',
        "misnamed-task: @Task is named 'taken-name'. Make it name: 'misnamed-task', or rename the folder and misnamed-task.task.ts to it.",
      ],
      ['a name taken twice', 'taken-name: two folders declare a task type of this name. Rename one of them.'],
      [
        'a file without a @Task class',
        'no-class: no-class.task.ts exports no class marked with @Task. Mark the handler with @Task({ ... }) and export it.',
      ],
      [
        'two @Task classes in a file',
        'two-classes: there are 2 @Task classes, First and Second. Keep one; give each other a folder of its own.',
      ],
      [
        'two @Task classes in two files',
        'two-files: there are 2 @Task classes, Second and First. Keep one; give each other a folder of its own.',
      ],
      ['a file that throws', 'throws-on-load: throws-on-load.task.ts cannot be loaded: no licence file'],
      [
        'a missing input class',
        'no-input: Handler has no input class. Declare it above the handler and name it: @Task({ input: ... }).',
      ],
      [
        'an input class without fields',
        'no-field: Input has no @Field. Mark each property of the input with @Field({ ... }).',
      ],
      [
        'a validator without a field',
        'half-fields: Input.validatorOnly has no @Field. Add @Field({ ... }) so that it shows in form and schema.',
      ],
      [
        'a property with neither',
        'half-fields: Input.neither has no @Field. Add @Field({ ... }) so that it shows in form and schema.',
      ],
      [
        'a field without a validator',
        'half-fields: Input.fieldOnly has no validator. Add one of class-validator, such as @IsString() or @IsInt().',
      ],
      ['an empty title', 'bad-options: the title is empty. Give it a few words for the form.'],
      [
        'a queue with a name that BullMQ would not take',
        "bad-options: the queue is named 'bull:mail'. Give it a name of letters, digits and . _ -, at most 100, beginning with a letter or digit, or leave it out for 'default'.",
      ],
      ['too many attempts', 'bad-options: attempts is 101. Make it a whole number from 1 to 100.'],
      ['an unknown backoff', "bad-options: backoff.type is 'linear'. Make it 'fixed' or 'exponential'."],
      [
        'a negative pause',
        'bad-options: backoff.delayMs is -1. Make it a whole number of milliseconds, 0 or more.',
      ],
      ['a jitter above 1', 'bad-options: backoff.jitter is 2. Make it a number from 0 to 1.'],
      [
        'a soft limit above the hard one',
        'bad-options: softTimeoutMs (2000) is above hardTimeoutMs (1000). The soft limit has to come first.',
      ],
      [
        'a result limit of nothing',
        'bad-options: resultLimitBytes is 0. Make it a whole number of bytes, 1 or more.',
      ],
      [
        'a negative time of grace',
        'bad-options: cancelGraceMs is -1. Make it a whole number of milliseconds, 0 or more.',
      ],
      [
        'a child for no task',
        'bad-options: maxTasksPerChild is 0. Make it a whole number, 1 or more, or leave it out.',
      ],
      [
        'a child without memory',
        'bad-options: maxChildMemoryMb is 64. Make it a whole number of megabytes from 128 to 65536.',
      ],
      [
        'an option for isolated types on another',
        'bad-timeouts: maxTasksPerChild is for isolated task types. Add isolate: true, or leave it out.',
      ],
      [
        'a time limit of 0',
        'bad-timeouts: softTimeoutMs is 0. Make it a whole number of milliseconds from 1 to 2147483647, or leave it out.',
      ],
      [
        'a time limit with a fraction',
        'bad-timeouts: hardTimeoutMs is 1.5. Make it a whole number of milliseconds from 1 to 2147483647, or leave it out.',
      ],
      [
        'a default that is not valid',
        'bad-samples: Input.n: its default does not pass its own validators, must be a whole number of at most 10, not 12.',
      ],
      [
        'a prefill that is not valid',
        'bad-samples: Input.n: its prefill does not pass its own validators, must be a whole number of at most 10, not the text "ten".',
      ],
      [
        'an example that is not valid',
        'bad-samples: Input.n: its example does not pass its own validators, must be a whole number of at most 10, not 11.',
      ],
      [
        'an input class that cannot be built',
        "throwing-input: Input cannot be constructed: Cannot read properties of undefined (reading 'n'). It must work without arguments; use property defaults only.",
      ],
      ['a handler without run', 'no-run: NotAHandler has no run(input, ctx) method. Implement TaskHandler.'],
    ])('names %s with its cure', (_, problem) => {
      expect(problems).toContain(problem);
    });

    it('tells them all at once, one line each', () => {
      const lines = message.split('\n');
      expect(lines[0]).toBe(`There are ${problems.length} problems with the task types:`);
      expect(lines.slice(1)).toEqual(problems.map((problem) => `  - ${problem}`));
    });
  });

  it('shows which folder is missing', async () => {
    await expect(loadTaskTypes('/nowhere/task-types')).rejects.toThrow(
      /ENOENT.*Create \/nowhere\/task-types\./,
    );
  });
});
