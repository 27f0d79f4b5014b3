import { describe, expect, it } from '@jest/globals';
import { type FormFilling, toSubmitPage } from '../../../../src/web/submit/submit-page.js';
import { sampleTask, sampleType } from '../page-models/samples.js';

const TYPES = [sampleType(), sampleType({ name: 'process-text', title: 'Process text' })];
let keys = 0;
const page = (filling?: FormFilling) => toSubmitPage(TYPES, [], filling, () => `key-${++keys}`);
const field = (filling: FormFilling | undefined, index: number) => page(filling).cards[0]!.fields[index]!;

describe('the submit page', () => {
  it('has a card with a form of its own for every type, the first one open', () => {
    const { cards } = page();
    expect(cards.map((card) => [card.name, card.monogram, card.open])).toEqual([
      ['divide', 'Di', true],
      ['process-text', 'Pt', false],
    ]);
    expect(new Set(cards.map((card) => card.key)).size).toBe(2);
    expect(cards[0]!.fields[0]!.id).not.toBe(cards[1]!.fields[0]!.id);
  });

  it('opens the type that was asked for', () => {
    expect(page({ type: 'process-text' }).cards.map((card) => card.open)).toEqual([false, true]);
  });

  it('starts a fresh form with what the type suggests', () => {
    expect(field(undefined, 0)).toMatchObject({
      value: '22',
      inputMode: 'decimal',
      required: true,
      wide: false,
    });
  });

  it('brings back what was typed, wrong or not, with the problem beside it', () => {
    const filling = {
      type: 'divide',
      typed: { x: 'ten', note: '' },
      problems: [{ path: 'input.x', message: 'must be a number' }],
    };
    expect(field(filling, 0)).toMatchObject({
      value: 'ten',
      problem: 'must be a number',
      describedBy: 'divide-input-x-problem',
    });
    expect(field(filling, 1)).toMatchObject({
      value: '',
      problem: undefined,
      describedBy: 'divide-input-note-help',
    });
    expect(page(filling).cards[0]!.summaryProblems).toEqual([
      { href: '#divide-input-x', label: 'Dividend', message: 'must be a number' },
    ]);
  });

  it('shows a problem inside a nested value at its field', () => {
    const problems = [{ path: 'input.note.lines[2].text', message: 'is too long' }];
    expect(field({ type: 'divide', problems }, 1).problem).toBe('is too long');
  });

  it('unfolds the options only where something stands in them', () => {
    const open = (filling: FormFilling) => page(filling).cards[0]!.optionsOpen;
    expect(open({ type: 'divide', options: { delayUnit: 's', runAtZone: 'UTC', expiresUnit: 'm' } })).toBe(
      false,
    );
    expect(open({ type: 'divide', options: { priority: '5' } })).toBe(true);
    expect(open({ type: 'divide', problems: [{ path: 'options.delayMs', message: 'no' }] })).toBe(true);
  });

  it('keeps the key of a form whose outcome is unknown', () => {
    expect(page({ type: 'divide', key: 'mine' }).cards[0]!.key).toBe('mine');
  });

  it('fills a form from an older task and shows which', () => {
    const origin = sampleTask();
    const card = page({ type: 'divide', input: { x: 10 }, origin }).cards[0]!;
    expect(card.fields[0]!.value).toBe('10');
    expect(card.origin).toMatchObject({ id: origin.id, short: 'rs42ab', href: `/tasks/${origin.id}` });
  });

  it('fills in the default of what that task was not sent, and nothing for what is hidden of it', () => {
    const types = [
      sampleType({
        fields: [
          { name: 'gift', title: 'Gift', kind: 'boolean', required: false, default: true, prefill: true },
        ],
      }),
    ];
    const ticked = (input: Record<string, unknown>) =>
      toSubmitPage(types, [], { type: 'divide', input }, () => 'k').cards[0]!.fields[0]!.ticked;
    expect([ticked({}), ticked({ gift: false }), ticked({ gift: undefined })]).toEqual([true, false, false]);
  });

  it('knows an empty list from an unknown one', () => {
    expect(page().listKnown).toBe(true);
    expect(toSubmitPage(TYPES, null, undefined, () => 'k')).toMatchObject({ listKnown: false, newest: [] });
  });

  it('shows lists and objects as JSON, and text in a JSON field as a JSON string', () => {
    const types = [
      sampleType({
        fields: [{ name: 'list', title: 'List', kind: 'json', required: true, prefill: [1, 2] }],
      }),
    ];
    const value = (filling?: Partial<FormFilling>) =>
      toSubmitPage(types, [], { type: 'divide', ...filling }, () => 'k').cards[0]!.fields[0]!.value;
    expect(JSON.parse(value())).toEqual([1, 2]);
    expect(value({ typed: { list: '[1, 2' } })).toBe('[1, 2');
    expect(value({ input: { list: 'text' } })).toBe('"text"');
  });
});
