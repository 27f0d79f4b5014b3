import { Module } from '@nestjs/common';
import { EventTail } from './event-tail.js';
import { HistoryTaskStreams } from './history-task-streams.js';
import { LiveHub } from './live-hub.js';
import { TaskStreams } from './task-streams.js';

/** Publishes task events from Redis to SSE clients. */
@Module({
  providers: [EventTail, HistoryTaskStreams, LiveHub, TaskStreams],
  exports: [EventTail, HistoryTaskStreams, LiveHub, TaskStreams],
})
export class EventsModule {}
