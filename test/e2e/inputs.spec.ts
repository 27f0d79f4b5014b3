import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT_CONFIG } from '../../src/platform/startup-error.js';
import type { JsonSchema } from '../../src/registry/task-type.js';
import type { TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { spawnApp, startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { UNBUILDABLE } from '../support/unbuildable.js';
import { until } from '../support/until.js';

describe('inputs', () => {
  let build: ScratchBuild;
  let redis: RedisServer;
  let apps: RunningApp[] = [];
  let folder: string;
  let api: ApiClient;

  beforeAll(async () => {
    build = new ScratchBuild('task-types-inputs');
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), 'roost-inputs-'));
    const env = { REDIS_URL: redis.url, HISTORY_URL: `file:${join(folder, 'history.db')}` };
    apps = await Promise.all([startApp('web', env, build.folder), startApp('worker', env, build.folder)]);
    api = new ApiClient(apps[0]!.url!);
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await redis?.remove();
    build?.remove();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  describe.each(['cents', 'cents-isolated'])('with a transform: %s', (type) => {
    const input = { due: '2026-12-24T18:00:00+01:00', cents: 5 };

    it('are stored as they were sent, and transformed once, where the handler runs', async () => {
      const { id } = await api.submit(type, input, undefined, { 'idempotency-key': `${type}-once` });
      const task = await api.inState(id, ['completed']);
      expect(JSON.stringify(task.input)).toBe(JSON.stringify(input));
      expect(task.result).toEqual({ cents: 500, due: '2026-12-24T17:00:00.000Z', copies: 7 });
      const again = await api.submit(type, input, undefined, { 'idempotency-key': `${type}-once` });
      expect(again.id).toBe(id);
      await until('it is found by what was sent', async () => {
        const q = encodeURIComponent(`type:${type} input.cents:5`);
        const { items } = await api.get<{ items: TaskView[] }>(`/api/v1/tasks?q=${q}`);
        return items.some((item) => item.id === id);
      });
    });

    it('stay the same through a retry', async () => {
      const { id } = await api.submit(type, { cents: 5, copies: 0 });
      await api.inState(id, ['failed']);
      const retried = await api.call('POST', `/api/v1/tasks/${id}/retry`);
      expect(((await retried.json()) as TaskView).input).toEqual({ cents: 5, copies: 0 });
    });

    it('fill the form of a rerun as they were sent', async () => {
      const { id } = await api.submit(type, { cents: 5 });
      const page = await (await api.call('GET', `/submit?from=${id}`)).text();
      const valueOf = (field: string) =>
        new RegExp(`name="input.${field}"[^>]*value="([^"]*)"`).exec(
          page.slice(page.indexOf(`id="${type}-input-cents"`)),
        )?.[1];
      expect([valueOf('cents'), valueOf('copies')]).toEqual(['5', '7']);
    });
  });

  it('are held to the schema that is published, which shows what is accepted', async () => {
    const { items } = await api.get<{ items: { name: string; schema: JsonSchema }[] }>('/api/v1/task-types');
    const { address } = items.find(({ name }) => name === 'hosts')!.schema.properties!;
    expect(address).toMatchObject({ anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] });
    const right = { address: '::1', ports: [{ port: 1 }, { port: 2 }], name: 'web.example.org' };
    await api.submit('hosts', right);
    for (const [wrong, message] of [
      [{ ports: [{ port: 1 }, { port: 1 }] }, /^must not hold the same twice: items 0 and 1 are alike$/],
      [{ name: 'not a host' }, /^must match format "hostname"/],
      [{ name: 'a.very.long.name.example.org' }, /^must be text of at most 20 characters/],
    ] as [object, RegExp][]) {
      const answer = await api.call('POST', '/api/v1/tasks', {
        type: 'hosts',
        input: { ...right, ...wrong },
      });
      const { fields } = (await answer.json()) as { fields: { path: string; message: string }[] };
      expect({ status: answer.status, fields }).toEqual({
        status: 422,
        fields: [{ path: `input.${Object.keys(wrong)[0]}`, message: expect.stringMatching(message) }],
      });
    }
  });

  it('whose class throws or never answers are the fault of their line alone', async () => {
    const lines = [
      { name: ' a ' },
      { name: 5 },
      ...Array.from({ length: 300 }, () => ({ name: 'b', mode: 'never' })),
    ];
    const body = lines.map((input) => ({ type: 'faulty', input }));
    const answer = await api.call('POST', '/api/v1/tasks/bulk', body);
    expect(answer.status).toBe(202);
    const { accepted, refused, items } = (await answer.json()) as {
      accepted: number;
      refused: number;
      items: { ok: boolean; error?: { fields: { path: string; message: string }[] } }[];
    };
    expect({ accepted, refused }).toEqual({ accepted: 1, refused: 301 });
    expect(items[0]!.ok).toBe(true);
    const fieldsOf = (line: number) => items[line]!.error!.fields;
    expect(fieldsOf(1)).toEqual([
      { path: 'input.name', message: expect.stringMatching(/its @Transform failed on 5/) },
    ]);
    for (const line of [2, 301]) {
      expect(fieldsOf(line)).toEqual([
        { path: 'input.mode', message: expect.stringMatching(/the validator isAnswered failed/) },
      ]);
    }
  });

  it('are of task types that can be run: both apps refuse to start with others, and say the same', async () => {
    const broken = new ScratchBuild('task-types-unbuildable');
    try {
      const env = { REDIS_URL: redis.url, HISTORY_URL: `file:${join(folder, 'broken.db')}` };
      const started = [spawnApp('web', env, broken.folder), spawnApp('worker', env, broken.folder)];
      for (const app of started) {
        expect((await app.ended).code).toBe(EXIT_CONFIG);
        for (const problem of UNBUILDABLE) expect(app.output).toContain(`  - ${problem}\n`);
        // Nothing else is said, of Nest's or of settings.
        expect(app.output.trim().split('\n')).toHaveLength(UNBUILDABLE.length + 1);
      }
    } finally {
      broken.remove();
    }
  });
});
