import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RequirePermission } from '../../src/auth/require-permission.js';
import { hashPassword } from '../../src/auth/password.js';
import { UserFile } from '../../src/auth/user-file.js';
import { newUserId } from '../../src/auth/user.js';
import { SseConnection } from '../../src/events/sse-connection.js';
import { sendPieces } from '../../src/http/send-pieces.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const PASSWORD = 'a password for all of them';
const COST = { logN: 10, r: 8, p: 1 };

/** Streams and exports that never end by themselves. */
@Controller()
class LongController {
  /** Streams wait for this before they open; exports for this before their second piece. */
  gate: Promise<void> = Promise.resolve();
  waiting = 0;

  @Get('api/v1/events')
  @RequirePermission('tasks.read')
  async events(@Res() res: Response): Promise<void> {
    this.waiting++;
    await this.gate;
    new SseConnection(res, () => undefined);
  }

  @Get('api/v1/export')
  @RequirePermission('tasks.export')
  async export(@Res() res: Response, @Query('rows') rows: string): Promise<void> {
    const stopped = new Promise<void>((resolve) => res.on('close', resolve));
    await sendPieces(
      res,
      (async function* () {
        for (let i = 0; i < Number(rows); i++) yield `row ${i}\n`;
        await stopped;
        yield 'the end\n';
      })(),
      { 'Content-Type': 'text/plain' },
    );
  }
}

/** A reader of one long answer. */
class Reader {
  text = '';
  ended = false;
  broken = false;

  static async open(client: BrowserClient, path: string, bearer?: string): Promise<Reader> {
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(client.url + path, {
      headers: {
        accept: 'text/event-stream',
        ...(bearer === undefined ? { cookie } : { authorization: `Bearer ${bearer}` }),
      },
    });
    expect(response.status).toBe(200);
    const reader = new Reader();
    void reader.read(response.body!);
    return reader;
  }

  /** Ended for who may not listen, and before the first sign of life: not by the periodic check. */
  async isLetGo(): Promise<void> {
    await until('the stream has ended', () => this.ended);
    expect(this.text).toContain('event: bye');
    expect(this.text).not.toContain('still here');
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) this.text += decoder.decode(chunk, { stream: true });
    } catch {
      this.broken = true;
    }
    this.ended = true;
  }
}

describe('answers that outlive their request, at two web apps', () => {
  let redis: RedisServer;
  let folder: string;
  let users: UserFile;
  let here: AccessBench;
  let there: AccessBench;

  beforeAll(async () => {
    redis = await RedisServer.start();
    folder = mkdtempSync(join(tmpdir(), 'roost-streams-'));
    users = new UserFile(join(folder, 'users'));
    const hash = await hashPassword(PASSWORD, COST);
    const user = (name: string, role: 'admin' | 'operator' | 'viewer') => ({
      name,
      role,
      hash,
      id: newUserId(),
    });
    users.write([user('ada', 'admin'), user('olga', 'operator'), user('vera', 'viewer')]);
    const start = () => AccessBench.start({ redisUrl: redis.url, folder, controllers: [LongController] });
    [here, there] = [await start(), await start()];
  });

  afterAll(async () => {
    await here?.stop();
    await there?.stop();
    await redis.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Signed in at one app, and its cookies taken to the other. */
  const signIn = async (name: string) => {
    const client = new BrowserClient(here.url);
    await client.signIn(name, PASSWORD);
    const other = new BrowserClient(there.url);
    for (const [cookie, value] of client.cookies) other.cookies.set(cookie, value);
    return { client, other };
  };

  it('end at once in both when their login is ended in one, and nobody else’s do', async () => {
    const [ada, vera] = [await signIn('ada'), await signIn('vera')];
    const streams = await Promise.all(
      [ada.client, ada.other, vera.other].map((client) => Reader.open(client, '/api/v1/events')),
    );
    const file = await Reader.open(ada.other, '/api/v1/export?rows=3');
    await until('the first rows are there', () => file.text.includes('row 2'));
    await ada.client.post('/logout', { _csrf: await ada.client.csrf() });
    await streams[0]!.isLetGo();
    await streams[1]!.isLetGo();
    await until('the export has ended', () => file.ended);
    // Broken off: nobody takes it for the whole.
    expect([file.broken, file.text.includes('the end')]).toEqual([true, false]);
    expect(streams[2]!.ended).toBe(false);
    await vera.client.post('/logout', { _csrf: await vera.client.csrf() });
    await streams[2]!.isLetGo();
  });

  it('end at once when their API token is revoked', async () => {
    const { client, other } = await signIn('olga');
    const headers = { 'x-csrf-token': await client.csrf() };
    const body = { name: 'ci', permissions: ['tasks.read'] };
    const made = await client.call('POST', '/api/v1/tokens', body, headers);
    const { id, token } = JSON.parse(made.text) as { id: string; token: string };
    const stream = await Reader.open(other, '/api/v1/events', token);
    expect((await client.call('DELETE', `/api/v1/tokens/${id}`, undefined, headers)).status).toBe(204);
    await stream.isLetGo();
  });

  it('end at once when their user loses the permission, or is removed, by a change of the file', async () => {
    const [vera, olga] = [await signIn('vera'), await signIn('olga')];
    const [first, second] = [
      await Reader.open(vera.other, '/api/v1/events'),
      await Reader.open(olga.client, '/api/v1/events'),
    ];
    users.write(users.read().filter(({ name }) => name !== 'vera'));
    await first.isLetGo();
    expect(second.ended).toBe(false);
    users.write(users.read().map((user) => (user.name === 'olga' ? { ...user, id: newUserId() } : user)));
    await second.isLetGo();
  });

  it('end also where the login ended while the stream was being opened', async () => {
    const { client, other } = await signIn('ada');
    const controller = there.app.get(LongController);
    let open!: () => void;
    controller.gate = new Promise((resolve) => (open = resolve));
    const before = controller.waiting;
    const opening = Reader.open(other, '/api/v1/events');
    await until('the handler has begun', () => controller.waiting > before);
    await client.post('/logout', { _csrf: await client.csrf() });
    await until('the other app has heard of it', async () => (await other.get('/things')).status === 401);
    open();
    controller.gate = Promise.resolve();
    await (await opening).isLetGo();
  });
});
