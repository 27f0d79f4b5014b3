import 'reflect-metadata';
import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { hostname } from 'node:os';
import { QUEUE_NAMES } from '../contract/queues.js';

const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Every setting of Roost, from the environment or `.env`; the property's name is the variable's.
 * `.env.example` is held to this class by a test. Numbers are whole; times are milliseconds unless the name says otherwise.
 */
export class Settings {
  /** Address the web app listens on. */
  @IsString({ message: 'must be an address such as 127.0.0.1' })
  @Length(1, 255, { message: 'must be an address such as 127.0.0.1' })
  HOST = '127.0.0.1';

  /** Port of the web app; 0 takes any free one. */
  @IsInt({ message: 'must be a whole number from 0 to 65535' })
  @Min(0, { message: 'must be a whole number from 0 to 65535' })
  @Max(65_535, { message: 'must be a whole number from 0 to 65535' })
  PORT = 5000;

  /** Redis to use. `npm start` brings its own when this is not set; separate processes need it. */
  @Matches(/^rediss?:\/\/[^\s]+$/, {
    message: 'must look like redis://user:password@host:6379/0, or rediss:// for TLS',
  })
  REDIS_URL: string;

  /** First part of every key in Redis; two Roosts on one Redis need two prefixes. */
  @Matches(NAME, {
    message: 'must be letters, digits, dots, dashes or underscores, starting with a letter or digit',
  })
  @Length(1, 64, { message: 'must be at most 64 characters long' })
  QUEUE_PREFIX = 'roost';

  /** Name of this worker on the pages. Defaults to host and process id. */
  @IsOptional()
  @Matches(NAME, {
    message: 'must be letters, digits, dots, dashes or underscores, starting with a letter or digit',
  })
  @Length(1, 64, { message: 'must be at most 64 characters long' })
  WORKER_NAME: string = `${hostname().replace(/[^A-Za-z0-9._-]/g, '-')}-${process.pid}`.slice(-64);

  /** Tasks one worker runs at once, per queue. */
  @IsInt({ message: 'must be a whole number from 1 to 1000' })
  @Min(1, { message: 'must be a whole number from 1 to 1000' })
  @Max(1000, { message: 'must be a whole number from 1 to 1000' })
  WORKER_CONCURRENCY = 10;

  /** Queues this worker serves, separated by commas. */
  @IsIn(QUEUE_NAMES, {
    each: true,
    message: `must be a list of queues separated by commas; there are: ${QUEUE_NAMES.join(', ')}`,
  })
  WORKER_QUEUES: string[] = [...QUEUE_NAMES];

  /** Longest a stop may take: running tasks get this long to finish. */
  @IsInt({ message: 'must be a whole number of milliseconds from 1000 to 3600000' })
  @Min(1000, { message: 'must be a whole number of milliseconds from 1000 to 3600000' })
  @Max(3_600_000, { message: 'must be a whole number of milliseconds from 1000 to 3600000' })
  SHUTDOWN_TIMEOUT_MS = 30_000;

  /** Least severe lines to log. */
  @IsIn(LOG_LEVELS, { message: `must be one of: ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL = 'info';

  /** Folder of web.log and worker.log. */
  @Length(1, 1024, { message: 'must be a folder' })
  LOG_DIR = 'logs';

  /** Hours a completed task is kept. Not under 24: a client may repeat an Idempotency-Key that long. */
  @IsInt({ message: 'must be a whole number of hours from 24 to 87600' })
  @Min(24, { message: 'must be a whole number of hours from 24 to 87600' })
  @Max(87_600, { message: 'must be a whole number of hours from 24 to 87600' })
  TASK_RETENTION_COMPLETED_HOURS = 72;

  /** Completed tasks kept per queue, the newest. */
  @IsInt({ message: 'must be a whole number from 1 to 10000000' })
  @Min(1, { message: 'must be a whole number from 1 to 10000000' })
  @Max(10_000_000, { message: 'must be a whole number from 1 to 10000000' })
  TASK_RETENTION_COMPLETED_COUNT = 100_000;

  /** Hours a failed, cancelled or expired task is kept. */
  @IsInt({ message: 'must be a whole number of hours from 24 to 87600' })
  @Min(24, { message: 'must be a whole number of hours from 24 to 87600' })
  @Max(87_600, { message: 'must be a whole number of hours from 24 to 87600' })
  TASK_RETENTION_FAILED_HOURS = 336;

  /** Failed, cancelled and expired tasks kept per queue and state, the newest. */
  @IsInt({ message: 'must be a whole number from 1 to 10000000' })
  @Min(1, { message: 'must be a whole number from 1 to 10000000' })
  @Max(10_000_000, { message: 'must be a whole number from 1 to 10000000' })
  TASK_RETENTION_FAILED_COUNT = 100_000;

  /** Where the history is kept: a file of SQLite, relative to the folder the app is started in. */
  @Matches(/^file:(?!\/\/).+$/, {
    message: 'must be a file such as file:data/history.db; other stores are not built in',
  })
  @Length(6, 1024, { message: 'must be a file such as file:data/history.db' })
  HISTORY_URL = 'file:data/history.db';

  /** Days the history keeps a completed task. */
  @IsInt({ message: 'must be a whole number of days from 1 to 36500' })
  @Min(1, { message: 'must be a whole number of days from 1 to 36500' })
  @Max(36_500, { message: 'must be a whole number of days from 1 to 36500' })
  HISTORY_RETENTION_DAYS = 30;

  /** Days the history keeps a failed, cancelled or expired task. */
  @IsInt({ message: 'must be a whole number of days from 1 to 36500' })
  @Min(1, { message: 'must be a whole number of days from 1 to 36500' })
  @Max(36_500, { message: 'must be a whole number of days from 1 to 36500' })
  HISTORY_RETENTION_FAILED_DAYS = 90;

  /** Settled tasks the history keeps of each state, the newest. */
  @IsInt({ message: 'must be a whole number from 1 to 100000000' })
  @Min(1, { message: 'must be a whole number from 1 to 100000000' })
  @Max(100_000_000, { message: 'must be a whole number from 1 to 100000000' })
  HISTORY_RETENTION_COUNT = 2_000_000;
}
