import { Processor } from '@nestjs/bullmq';
import { WORKER_POLICY } from '../queue/job-policy.js';
import { Consumer } from './consumer.js';

/** Consumes the queue `cpu`: work that fills a core. */
@Processor('cpu', WORKER_POLICY)
export class CpuProcessor extends Consumer {}
