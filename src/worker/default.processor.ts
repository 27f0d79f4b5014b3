import { Processor } from '@nestjs/bullmq';
import { WORKER_POLICY } from '../queue/job-policy.js';
import { Consumer } from './consumer.js';

/** Consumes the queue `default`. */
@Processor('default', WORKER_POLICY)
export class DefaultProcessor extends Consumer {}
