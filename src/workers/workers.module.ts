import { Module } from '@nestjs/common';
import { WorkerControl } from './worker-control.js';
import { WorkersService } from './workers.service.js';

/** Web app's side of the workers: lists them and sends commands. */
@Module({ providers: [WorkerControl, WorkersService], exports: [WorkerControl, WorkersService] })
export class WorkersModule {}
