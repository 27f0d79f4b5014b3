import { Module } from '@nestjs/common';
import { EventTail } from './event-tail.js';
import { LiveHub } from './live-hub.js';
import { TaskWatches } from './task-watches.js';

/** What happens in Redis, told to those who listen. */
@Module({ providers: [EventTail, LiveHub, TaskWatches], exports: [EventTail, LiveHub, TaskWatches] })
export class EventsModule {}
