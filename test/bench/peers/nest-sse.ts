/* Nest's @Sse over BullMQ's QueueEvents, as their documentation shows it. argv: URL of Redis. */
import 'reflect-metadata';
import { Controller, Module, Sse, type MessageEvent } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { Subject, type Observable } from 'rxjs';

const [url] = process.argv.slice(2) as [string];
const events = new QueueEvents('bare', { connection: new Redis(url, { maxRetriesPerRequest: null }) });
const changes = new Subject<MessageEvent>();
events.on('added', ({ jobId }) => changes.next({ data: { id: jobId, event: 'added' } }));
events.on('waiting', ({ jobId }) => changes.next({ data: { id: jobId, event: 'waiting' } }));
await events.waitUntilReady();

@Controller()
class EventsController {
  @Sse('events')
  all(): Observable<MessageEvent> {
    return changes;
  }
}

@Module({ controllers: [EventsController] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}` });
process.on('disconnect', () => process.exit());
