/* Nest on Express with class-validator and BullMQ's add, as their documentation shows it. argv: URL of Redis. */
import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { IsInt, Min } from 'class-validator';
import { Redis } from 'ioredis';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';

const [url] = process.argv.slice(2) as [string];
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

const app = await NestFactory.create(AppModule, { logger: false });
app.useGlobalPipes(new ValidationPipe());
await app.listen(0, '127.0.0.1');
const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}` });
process.on('disconnect', () => process.exit());
