import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ValidateBy } from 'class-validator';
import type { Request } from 'express';
import { pino } from 'pino';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inputSchema } from '../../../src/registry/input-schema.js';
import { validateInput } from '../../../src/registry/validate-input.js';
import { Field } from '../../../src/task-api/field.decorator.js';
import { SubmitBatchController } from '../../../src/tasks/submit-batch.controller.js';
import type { SubmitRequest } from '../../../src/tasks/submit-request.js';
import type { TaskCommands } from '../../../src/tasks/task-commands.js';

/** How long a validator may take, ms. */
const ANSWER_MS = 5000;

const never = {
  validate: (value: unknown) => (value === 'never' ? new Promise<boolean>(() => undefined) : true),
};

class Input {
  @Field() @ValidateBy({ name: 'isAnswered', validator: never }) value!: unknown;
}

const type = { name: 'sample', inputClass: Input, schema: inputSchema(Input, 'Sample', '') };

function controllerOf(): SubmitBatchController {
  const submit = async ({ input }: SubmitRequest) => {
    await validateInput(type, input);
    return { task: { id: 'a', state: 'waiting', links: {} }, created: true };
  };
  const commands = { submit, openBatch: () => undefined } as unknown as TaskCommands;
  return new SubmitBatchController(commands, pino({ level: 'silent' }));
}

function requestOf(values: unknown[]): Request {
  const body = values.map((value) => ({ type: 'sample', input: { value } }));
  const json = { text: JSON.stringify(body), faults: [] };
  return {
    id: 'r',
    body,
    json,
    headers: { 'content-type': 'application/json', 'content-length': '1' },
  } as unknown as Request;
}

describe('a bulk request', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  });
  afterEach(() => void jest.useRealTimers());

  it('waits for validators that never answer once, not once for each part of its lines', async () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i === 999 ? 'at once' : 'never'));
    const answer = controllerOf().submit(requestOf(values));
    // Each that waits has a timer: all that will wait at once do when no more come.
    for (let before = -1; jest.getTimerCount() !== before;) {
      before = jest.getTimerCount();
      for (let turn = 0; turn < 30; turn++) await nextTurn();
    }
    await jest.advanceTimersByTimeAsync(ANSWER_MS);
    const { accepted, items } = await answer;
    expect(accepted).toBe(1);
    expect(items[998]!.error!.fields).toEqual([
      { path: 'input.value', message: expect.stringMatching(/the validator isAnswered failed/) },
    ]);
  });
});
