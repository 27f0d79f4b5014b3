import { describe, expect, it } from '@jest/globals';
import { parseOptionValues, toFormPath, toOptions } from '../../../../src/web/submit/options-form.js';
import { NOW } from '../page-models/samples.js';

describe('the options part of a form', () => {
  it('gives no options when nothing was typed', () => {
    const values = parseOptionValues({
      'options.delay': ' ',
      'options.delayUnit': 's',
      'options.runAtZone': 'UTC',
    });
    expect(toOptions(values, NOW)).toEqual({ options: {}, problems: [] });
  });

  it('turns amounts and units into milliseconds', () => {
    expect(toOptions({ delay: '1,5', delayUnit: 'm' }, NOW).options).toEqual({ delayMs: 90_000 });
    expect(toOptions({ backoff: 'fixed', backoffDelay: '2' }, NOW).options).toEqual({
      backoff: { type: 'fixed', delayMs: 2_000 },
    });
  });

  it('reads a start in its zone', () => {
    const { options } = toOptions({ runAt: '2026-12-24T18:00', runAtZone: 'Europe/Berlin' }, NOW);
    expect(options).toEqual({ runAt: '2026-12-24T17:00:00.000Z' });
  });

  it('counts an expiry from when the task may start', () => {
    const { options } = toOptions({ delay: '1', delayUnit: 'h', expires: '5', expiresUnit: 'm' }, NOW);
    expect(options).toMatchObject({ expiresAt: new Date(NOW + 65 * 60_000).toISOString() });
  });

  it('splits tags at commas and spaces', () => {
    expect(toOptions({ tags: 'nightly,  import eu' }, NOW).options).toEqual({
      tags: ['nightly', 'import', 'eu'],
    });
  });

  it('passes on what is no number, for the service to name', () => {
    expect(toOptions({ priority: 'high', attempts: '3' }, NOW).options).toEqual({
      priority: 'high',
      attempts: 3,
    });
  });

  it.each([
    [{ delay: 'soon' }, 'options.delay', 'must be a number'],
    [{ delay: '400', delayUnit: 'd' }, 'options.delay', 'at most 366 days'],
    [{ expires: '0' }, 'options.expires', 'above 0'],
    [{ runAt: '2026-12-24T18:00', runAtZone: 'Mars' }, 'options.runAtZone', 'time zone'],
    [{ runAt: '2026-03-29T02:30', runAtZone: 'Europe/Berlin' }, 'options.runAt', 'does not exist'],
    [{ delay: '5', runAt: '2026-12-24T18:00' }, 'options.runAt', 'not both'],
  ])('says of %j what is wrong with %s', (values, path, message) => {
    const { problems } = toOptions(values, NOW);
    expect(problems).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('finds the field behind a problem of the service', () => {
    expect(
      ['options.delayMs', 'options.tags[2]', 'options.backoff.delayMs', 'options.expiresAt', 'input.x'].map(
        toFormPath,
      ),
    ).toEqual(['options.delay', 'options.tags', 'options.backoffDelay', 'options.expires', 'input.x']);
  });
});
