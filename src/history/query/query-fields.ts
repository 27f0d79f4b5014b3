import type { NameField, NumberField, TextScope, TimeField } from './query-ast.js';

export type FieldKind =
  | { kind: 'state' }
  | { kind: 'sort' }
  | { kind: 'name'; field: NameField }
  | { kind: 'text'; scope: TextScope }
  | { kind: 'count' | 'duration'; field: NumberField }
  | { kind: 'time'; field: TimeField };

export interface QueryField {
  kind: FieldKind;
  /** Text for the page's help. */
  help: string;
  example: string;
}

/** All fields of the language, besides `input.<path>` and `result.<path>`. */
export const QUERY_FIELDS: ReadonlyMap<string, QueryField> = new Map<string, QueryField>([
  ['state', { kind: { kind: 'state' }, help: 'The state it is in', example: 'state:failed' }],
  ['type', { kind: { kind: 'name', field: 'type' }, help: 'The task type', example: 'type:divide' }],
  [
    'queue',
    {
      kind: { kind: 'name', field: 'queue' },
      help: 'The queue it waits or waited in',
      example: 'queue:default',
    },
  ],
  [
    'worker',
    {
      kind: { kind: 'name', field: 'worker' },
      help: 'The worker that ran it last',
      example: 'worker:web-1*',
    },
  ],
  ['tag', { kind: { kind: 'name', field: 'tag' }, help: 'One of its tags', example: 'tag:nightly' }],
  ['id', { kind: { kind: 'name', field: 'id' }, help: 'Its id, or how it begins', example: 'id:t01k*' }],
  [
    'origin',
    { kind: { kind: 'name', field: 'origin' }, help: 'The task it was rerun from', example: 'origin:t01k*' },
  ],
  [
    'group',
    {
      kind: { kind: 'name', field: 'group' },
      help: 'The error group of its last failure',
      example: 'group:9f86d081884c7d65',
    },
  ],
  ['input', { kind: { kind: 'text', scope: 'input' }, help: 'Words in its input', example: 'input:ada' }],
  [
    'result',
    { kind: { kind: 'text', scope: 'result' }, help: 'Words in its result', example: 'result:done' },
  ],
  [
    'error',
    {
      kind: { kind: 'text', scope: 'error' },
      help: 'Words in its error',
      example: 'error:"division by zero"',
    },
  ],
  [
    'error.code',
    {
      kind: { kind: 'name', field: 'error.code' },
      help: 'The code of its error, or of what caused that',
      example: 'error.code:ECONNREFUSED',
    },
  ],
  ['log', { kind: { kind: 'text', scope: 'log' }, help: 'Words in its log lines', example: 'log:retrying' }],
  ['attempts', { kind: { kind: 'count', field: 'attempts' }, help: 'Attempts made', example: 'attempts:>1' }],
  [
    'priority',
    {
      kind: { kind: 'count', field: 'priority' },
      help: 'Its priority, 0 for none',
      example: 'priority:1..10',
    },
  ],
  [
    'wait',
    { kind: { kind: 'duration', field: 'wait' }, help: 'How long it waited to start', example: 'wait:>5s' },
  ],
  [
    'run',
    {
      kind: { kind: 'duration', field: 'run' },
      help: 'How long its last attempt ran',
      example: 'run:>200ms',
    },
  ],
  [
    'created',
    { kind: { kind: 'time', field: 'created' }, help: 'When it was submitted', example: 'created:<1h' },
  ],
  [
    'finished',
    { kind: { kind: 'time', field: 'finished' }, help: 'When it finished', example: 'finished:2026-11-22..' },
  ],
  ['sort', { kind: { kind: 'sort' }, help: 'The order; - for the greatest first', example: 'sort:-run' }],
]);
