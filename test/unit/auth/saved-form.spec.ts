import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import {
  findForm,
  saveForm,
  MAX_PACKED_LENGTH,
  packForm,
  unpackForm,
  type SavedForm,
} from '../../../src/auth/saved-form.js';
import { NO_REDACTION, Redaction } from '../../../src/platform/redaction/redaction.js';

const packed = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const good: SavedForm = {
  action: '/submit?type=divide',
  fields: [['input.x', '4\n<b>"ü"</b>']],
  dropped: [],
};

/** A form of a page whose body has been read. */
const sent = (body: unknown, { path = '/tasks/1/cancel', ...headers }: Record<string, string> = {}) =>
  ({
    method: 'POST',
    path,
    originalUrl: path,
    body,
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    is: (type: string) => (headers['content-type'] ?? 'urlencoded').includes(type) && type,
  }) as unknown as Request;

describe('a form that is stored over a login', () => {
  it('comes back as it was sent', () => {
    expect(unpackForm(packForm(good), NO_REDACTION)).toEqual(good);
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['two values', [packForm(good), packForm(good)]],
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{"action":').toString('base64url')],
    ['null', packed(null)],
    ['a list', packed([])],
    ['no fields', packed({ action: '/', dropped: [] })],
    ['no names of dropped fields', packed({ action: '/', fields: [] })],
    ['fields of an object', packed({ ...good, fields: { x: '1' } })],
    ['a field of one part', packed({ ...good, fields: [['x']] })],
    ['a field of three parts', packed({ ...good, fields: [['x', '1', '2']] })],
    ['a value that is no text', packed({ ...good, fields: [['x', { toString: 'y' }]] })],
    ['a name without end', packed({ ...good, fields: [['x'.repeat(10_000), '1']] })],
    ['more fields than a form has', packed({ ...good, fields: Array(201).fill(['x', '1']) })],
    ['more text than is kept', packForm({ ...good, fields: [['x', 'y'.repeat(MAX_PACKED_LENGTH)]] })],
  ])('is not made of %s', (_what, given) => expect(unpackForm(given, NO_REDACTION)).toBeUndefined());

  it.each([
    ...[
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/.//evil.example',
      'javascript:alert(1)',
    ],
    ...['/login', '/logout', '/login/oidc', '/api/v1/queues/cpu/obliterate', '/a/../api/v1/tasks', '', null],
  ])('is not sent to %j', (action) =>
    expect(unpackForm(packed({ ...good, action }), NO_REDACTION)).toBeUndefined(),
  );

  it('has no secrets in it, neither those of a form nor forged ones', () => {
    const rules = new Redaction(['input.card.number', '*.pin']);
    const secrets = {
      _csrf: 'a token',
      'input.password': 'hunter2',
      'input.apiKey': 'hunter2',
      clientSecret: 'hunter2',
      'input.card': '{"number":"hunter2"}',
      'input.pin': 'hunter2',
      'input.passphrase': '',
    };
    const form = findForm(sent({ ...secrets, 'input.token_count': '5', reason: ['a', 'b'] }), rules)!;
    expect(form.fields).toEqual([
      ['input.token_count', '5'],
      ['reason', 'a'],
      ['reason', 'b'],
    ]);
    expect(form.dropped).toEqual([
      'input.password',
      'input.apiKey',
      'clientSecret',
      'input.card',
      'input.pin',
    ]);
    const forged = unpackForm(packed({ ...good, fields: Object.entries(secrets) }), rules);
    expect(forged!.fields).toEqual([]);
  });

  it('is one of a page here, and of none else', () => {
    expect(findForm(sent({ a: '1' }), NO_REDACTION)).toMatchObject({
      action: '/tasks/1/cancel',
      fields: [['a', '1']],
    });
    expect(findForm(sent({ a: '1' }, { 'content-type': 'application/json' }), NO_REDACTION)).toBeUndefined();
    expect(findForm(sent({ a: '1' }, { path: '/api/v1/tasks' }), NO_REDACTION)).toBeUndefined();
    expect(
      findForm(sent({ name: 'ada', password: 'hunter2' }, { path: '/login' }), NO_REDACTION),
    ).toBeUndefined();
    expect(findForm(sent(undefined), NO_REDACTION)).toBeUndefined();
    const program = sent({ a: '1' });
    delete program.headers['sec-fetch-site'];
    expect(findForm(program, NO_REDACTION)).toBeUndefined();
    expect(
      findForm(sent({ password: 'x', savedForm: packForm(good) }, { path: '/login' }), NO_REDACTION),
    ).toEqual(good);
  });

  it.each([
    ['longer than any form', String(1024 * 1024 + 1), true],
    ['of no known length', undefined, true],
    ['more than one may send in a minute', '100', false],
  ])('is not read when it is %s', async (_what, length, mayRead) => {
    const req = sent('unread', length === undefined ? {} : { 'content-length': length });
    await saveForm(req, {} as never, NO_REDACTION, () => mayRead);
    expect([req.body, req.savedForm, req.isFormTooLong]).toEqual(['unread', undefined, true]);
  });
});
