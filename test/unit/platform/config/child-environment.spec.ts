import { describe, expect, it } from '@jest/globals';
import { childEnvironment } from '../../../../src/platform/config/child-environment.js';

describe('childEnvironment', () => {
  it("leaves out Roost's own secrets and nothing else", () => {
    const env = {
      REDIS_URL: 'redis://:secret@host',
      HISTORY_URL: 'x',
      PATH: '/bin',
      PAYMENT_TOKEN: 'theirs',
      QUEUE_PREFIX: 'q',
    };
    expect(childEnvironment(env)).toEqual({ PATH: '/bin', PAYMENT_TOKEN: 'theirs', QUEUE_PREFIX: 'q' });
  });
});
