import { describe, expect, it } from '@jest/globals';
import { queueNames, unusedQueues } from '../../../src/registry/queue-names.js';
import { SettingsError } from '../../../src/platform/config/load-settings.js';
import { servedQueues } from '../../../src/platform/config/served-queues.js';
import { Settings } from '../../../src/platform/config/settings.js';

const types = [{ queue: 'mail' }, { queue: 'default' }, { queue: 'cpu' }, { queue: 'mail' }];
const settings = (some: Partial<Settings>) => Object.assign(new Settings(), some);

describe('the queues there are', () => {
  it('are those that task types and the settings name, the default one first', () => {
    expect(queueNames(types, ['spare', 'cpu'])).toEqual(['default', 'cpu', 'mail', 'spare']);
    expect(queueNames([{ queue: 'mail' }])).toEqual(['mail']);
    expect(queueNames([])).toEqual(['default']);
    expect(unusedQueues(types, ['spare', 'cpu'])).toEqual(['spare']);
  });

  it('are all served by a worker that is told nothing else', () => {
    const queues = queueNames(types);
    expect(servedQueues(settings({}), queues)).toEqual(queues);
    expect(servedQueues(settings({ WORKER_QUEUES: ['mail', 'mail'] }), queues)).toEqual(['mail']);
    const refuse = () => servedQueues(settings({ WORKER_QUEUES: ['mial'] }), queues);
    expect(refuse).toThrow(SettingsError);
    expect(refuse).toThrow(
      'WORKER_QUEUES must be a list of queues separated by commas; there are: default, cpu, mail (it is "mial"); did you mean mail?',
    );
  });
});
