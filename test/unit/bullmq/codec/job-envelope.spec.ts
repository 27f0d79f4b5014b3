import { describe, expect, it } from '@jest/globals';
import {
  decodeEnvelope,
  encodeEnvelope,
  parseExactEnvelope,
  requestIdOf,
  withoutRequestId,
  type JobEnvelope,
} from '../../../../src/bullmq/codec/job-envelope.js';

const requestId = 'eec73493-2d7b-4573-9e2a-742f9e3d8ee6';
const PACKED = '7sc0ky17RXOeKnQvnj2O5g';

/** Returns what a worker reads of a task whose data and options were stored. */
function readBack(envelope: JobEnvelope) {
  const { data, options } = JSON.parse(JSON.stringify(encodeEnvelope(envelope))) as {
    data: unknown;
    options: object;
  };
  const read = decodeEnvelope(data);
  const { requestId: _requestId, ...others } = read;
  return { data, options, others, requestId: requestIdOf(read, options) };
}

describe('the envelope of a job', () => {
  it('is left out for a task with nothing but its input and the id of its request', () => {
    const input = { n: 1 };
    expect(readBack({ roost: 1, requestId, input })).toEqual({
      ...{ data: input, options: { rq: PACKED }, others: { roost: 1, input }, requestId },
    });
    expect(readBack({ roost: 1, input })).toEqual({
      ...{ data: input, options: {}, others: { roost: 1, input }, requestId: undefined },
    });
  });

  it.each<[string, Omit<JobEnvelope, 'roost'>]>([
    ['tags', { tags: ['a'], requestId, input: {} }],
    ['an expiry', { expiresAt: 5, requestId, input: {} }],
    ['an origin', { origin: 't1', requestId, input: {} }],
    ['a fingerprint', { fingerprint: 'f', requestId, input: {} }],
    [
      'an input that looks like an envelope',
      { requestId, input: { roost: 1, input: { x: 1 }, tags: ['b'] } },
    ],
    ['an input that is no object', { requestId, input: 'text' }],
    ['an id of the caller', { requestId: 'mine:1', input: {} }],
    ['an id of the caller in the form of a packed one', { requestId: PACKED, input: {} }],
    ['an id of the caller in capitals', { requestId: requestId.toUpperCase(), input: {} }],
  ])('is stored with %s', (_, content) => {
    const envelope: JobEnvelope = { roost: 1, ...content };
    const { requestId: id, ...others } = envelope;
    expect(readBack(envelope)).toEqual({ data: envelope, options: {}, others, requestId: id });
    expect(parseExactEnvelope(JSON.stringify(encodeEnvelope(envelope).data))).toEqual(envelope);
  });

  it('leaves a text that is no packed id to whoever wrote it', () => {
    for (const rq of ['', 'short', 5, null, `${PACKED}x`, { a: 1 }]) {
      expect(requestIdOf({ roost: 1, input: {} }, { rq })).toBeUndefined();
    }
  });

  it.each([
    ['{}', '{}'],
    [`{"rq":"${PACKED}"}`, '{}'],
    [`{"rq":"${PACKED}","attempts":3}`, '{"attempts":3}'],
    [`{"attempts":3,"rq":"${PACKED}"}`, '{"attempts":3}'],
    [`{"attempts":3,"rq":"${PACKED}","delay":5}`, '{"attempts":3,"delay":5}'],
    ['{"rq":"mine"}', '{"rq":"mine"}'],
    [undefined, undefined],
  ])('is not part of the recorded options: %s', (stored, recorded) => {
    expect(withoutRequestId(stored)).toBe(recorded);
  });
});
