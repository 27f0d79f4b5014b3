import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toDeclarations, type DescribedTaskType } from '../../../src/client/to-declarations.js';
import { inputSchema } from '../../../src/registry/input-schema.js';
import { DivideInput } from '../../../src/task-types/divide/divide.task.js';
import { projectRoot } from '../../support/processes.js';

const WIDE = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'kind', 'lines'],
  properties: {
    to: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    kind: { enum: ['a', 'b', null] },
    lines: { type: 'array', items: { $ref: '#/$defs/line' } },
    'reply-to': { type: ['string', 'null'], description: 'Ends no comment: */' },
    more: { type: 'object', additionalProperties: { type: 'number' } },
    any: {},
    pair: { allOf: [{ type: 'string' }, { minLength: 1 }], default: 'x' },
  },
  $defs: {
    line: {
      type: 'object',
      required: ['n'],
      properties: { n: { type: 'integer' }, inner: { $ref: '#/$defs/line' } },
    },
  },
};
const TYPES: DescribedTaskType[] = [
  { name: 'divide', title: 'Divide', schema: inputSchema(DivideInput, 'Divide', '') },
  {
    name: 'send-mail',
    title: 'Send mail',
    summary: 'To anybody',
    schema: WIDE,
    resultSchema: { type: 'object', required: ['sent'], properties: { sent: { type: 'number' } } },
  },
];

const DECLARED = `
import { Roost } from 'roost/client';
declare const roost: Roost;
const divide = roost.task('divide');
void divide.submit({ x: 1, y: '2' });
void divide.submit({ x: 1, y: 2, digits: 3 }, { runAt: new Date(), priority: 1, tags: [], idempotencyKey: 'a' });
void divide.submitMany([{ x: 1, y: 2 }]);
// @ts-expect-error a field is missing
void divide.submit({ x: 1 });
// @ts-expect-error a field of another type
void divide.submit({ x: 1, y: 2, digits: 'three' });
// @ts-expect-error a field that does not exist
void divide.submit({ x: 1, y: 2, digit: 3 });
// @ts-expect-error an option that does not exist
void divide.submit({ x: 1, y: 2 }, { delay: 3 });
// @ts-expect-error a task type that does not exist
roost.task('divid');
// @ts-expect-error nor with a class
roost.task<new () => { run(): number }>('divid');
const mail = roost.task('send-mail');
void mail.submit({ to: ['a'], kind: null, lines: [{ n: 1, inner: { n: 2 } }], 'reply-to': null, more: { a: 1 }, any: {} });
// @ts-expect-error outside of the enumeration
void mail.submit({ to: 'a', kind: 'c', lines: [] });
export const sent = async (): Promise<number> => (await (await mail.submit({ to: 'a', kind: 'a', lines: [] })).result()).sent;
// @ts-expect-error the result is an object
export const wrong = async (): Promise<string> => (await mail.submit({ to: 'a', kind: 'a', lines: [] })).result();
`;

const BY_CLASS = `
import { Roost, TaskFailedError } from 'roost/client';
import type { DivideResult, DivideTask } from '${projectRoot}/src/task-types/divide/divide.task.js';
declare const roost: Roost;
const divide = roost.task<typeof DivideTask, 'digits' | 'stepDelayMs'>('divide');
export const result = async (): Promise<DivideResult> => (await divide.submit({ x: 1, y: 2 })).result({ timeoutMs: 1 });
// @ts-expect-error a field is missing
void divide.submit({ x: 1, digits: 2 });
// @ts-expect-error a field of another type
void divide.submit({ x: 1, y: 2, digits: 'three' });
// @ts-expect-error fields with a default are needed unless they are named
void roost.task<typeof DivideTask>('divide').submit({ x: 1, y: 2 });
// @ts-expect-error a field that does not exist
roost.task<typeof DivideTask, 'digit'>('divide');
// Without declarations, and without a class, any name and any object.
void roost.task('anything').submit({ a: 1 });
// @ts-expect-error not an object
void roost.task('anything').submit(1);
export const failure = (error: unknown): string | undefined => error instanceof TaskFailedError ? error.failure.stack : undefined;
`;

describe('types of the client', () => {
  const compile = async (files: Record<string, string>): Promise<string> => {
    const folder = mkdtempSync(join(tmpdir(), 'roost-types-'));
    try {
      const config = {
        extends: join(projectRoot, 'tsconfig.json'),
        compilerOptions: {
          rootDir: '/',
          noEmit: true,
          exactOptionalPropertyTypes: true,
          typeRoots: [join(projectRoot, 'node_modules/@types')],
          paths: { 'roost/client': [join(projectRoot, 'src/client.ts')] },
        },
        include: [folder],
      };
      for (const [name, text] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(config) }))
        writeFileSync(join(folder, name), text);
      const tsc = join(projectRoot, 'node_modules/typescript7/bin/tsc');
      return await new Promise((resolve) =>
        execFile(process.execPath, [tsc, '-p', folder], (_, stdout, stderr) => resolve(stdout + stderr)),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('refuse wrong names and inputs by the declarations of the task types', async () => {
    expect(await compile({ 'roost.d.ts': toDeclarations(TYPES), 'use.ts': DECLARED })).toBe('');
  });

  it('refuse wrong inputs by the class of a task type', async () => {
    expect(await compile({ 'use.ts': BY_CLASS })).toBe('');
  });

  it('are written with titles, descriptions and defaults', () => {
    const text = toDeclarations(TYPES);
    expect(text).toContain('    /** Send mail. To anybody */\n    "send-mail": {');
    expect(text).toMatch(/\/\*\* Digits\. .* Defaults to 20\. \*\/\n +digits\?: number;/);
    expect(text).toContain('"reply-to"?: string | null;');
    expect(text).toContain('result: unknown;');
  });

  it('are wide where a schema has no end or nothing that TypeScript knows', () => {
    const type = (schema: object) =>
      /input: ([^]*);\n +result/.exec(toDeclarations([{ name: 'a', schema }]))![1];
    expect(type({})).toBe('unknown');
    expect(type({ type: 'object', additionalProperties: false })).toBe('Record<string, never>');
    expect(type({ type: 'array', items: { type: ['string', 'integer'] } })).toBe('(string | number)[]');
    expect(type({ anyOf: [{ type: 'string' }, {}] })).toBe('unknown');
    expect(type({ $ref: 'https://example.com/other.json' })).toBe('unknown');
    expect(type({ $ref: '#' })).toBe('unknown');
    expect(type({ const: 7 })).toBe('7');
  });
});
