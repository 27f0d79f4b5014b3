import { Module } from '@nestjs/common';
import { EventTail } from './event-tail.js';
import { KeptWatches } from './kept-watches.js';
import { LiveHub } from './live-hub.js';
import { TaskWatches } from './task-watches.js';

/** What happens in Redis, told to those who listen. */
@Module({
  providers: [EventTail, KeptWatches, LiveHub, TaskWatches],
  exports: [EventTail, KeptWatches, LiveHub, TaskWatches],
})
export class EventsModule {}
