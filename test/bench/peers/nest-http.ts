/* Nest on Express with class-validator and BullMQ's add, as their documentation shows it. argv: URL of Redis, then, where it
   is to run on something else or without checks: `fastify`, `unchecked`. */
import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { Queue } from 'bullmq';
import { IsInt, Min } from 'class-validator';
import { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';

const [url, ...otherwise] = process.argv.slice(2) as [string, ...string[]];
const queue = new Queue('bare', { connection: new Redis(url, { maxRetriesPerRequest: null }) });

class NoOpInput {
  @IsInt()
  @Min(0)
  n!: number;
}

@Controller('tasks')
class TasksController {
  @Post()
  @HttpCode(202)
  async submit(@Body() input: NoOpInput): Promise<{ id: string | undefined }> {
    const { id } = await queue.add('no-op', input);
    return { id };
  }
}

@Module({ controllers: [TasksController] })
class AppModule {}

/** No dependency of ours: it is here where somebody has installed it to compare. */
const FASTIFY = '@nestjs/platform-fastify';

async function createApp() {
  if (!otherwise.includes('fastify')) return NestFactory.create(AppModule, { logger: false });
  const { FastifyAdapter } = (await import(FASTIFY)) as { FastifyAdapter: new () => AbstractHttpAdapter };
  return NestFactory.create(AppModule, new FastifyAdapter(), { logger: false });
}

const app = await createApp();
if (!otherwise.includes('unchecked')) app.useGlobalPipes(new ValidationPipe());
await app.listen(0, '127.0.0.1');
const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}` });
process.on('disconnect', () => process.exit());
