import 'reflect-metadata';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { QUEUE_NAMES } from '../contract/queues.js';
import { REDACTION_RULE } from '../contract/redaction.js';

const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Whether what a setting says must not be shown. */
export function isSecret(name: string): boolean {
  return /URL|PASSWORD|SECRET|TOKEN|USERS$/.test(name);
}

/** Exact, never a pattern. */
const OIDC_PERSON = /^(sub:[^\s,]{1,255}|[^\s@,*]+@[^\s@,*]+)$/;
const OIDC_PERSON_WORDS = 'must be e-mail addresses, or sub: and a subject, separated by commas';

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

  /** File of who signed the certificate of a Redis spoken to over TLS (rediss://), in PEM; empty: who Node trusts. */
  @IsString({ message: 'must be a file' })
  REDIS_TLS_CA = '';

  /** File of the certificate Roost shows to that Redis, where it wants one. */
  @IsString({ message: 'must be a file' })
  REDIS_TLS_CERT = '';

  /** File of the key that goes with it. */
  @IsString({ message: 'must be a file' })
  REDIS_TLS_KEY = '';

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

  /** Version of your code, such as a git commit: workers tell it, and failures are counted by it. Defaults to Roost's own. */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._+/-]*$/, {
    message: 'must be letters, digits, and . _ + / - between them',
  })
  @Length(1, 64, { message: 'must be at most 64 characters long' })
  APP_VERSION: string = ownVersion();

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

  /** Users who sign in with a password, `name:role:hash` separated by commas; `npm run user -- hash` prints one. Roles: viewer, operator, admin. */
  @IsString({ each: true, message: 'must be a list of name:role:hash separated by commas' })
  ACCESS_USERS: string[] = [];

  /** File with more users, kept by `npm run user`; read again when it changes. */
  @Length(1, 1024, { message: 'must be a file' })
  ACCESS_USERS_FILE = 'data/users';

  /** Minutes without a request after which a login ends. */
  @IsInt({ message: 'must be a whole number of minutes from 1 to 43200' })
  @Min(1, { message: 'must be a whole number of minutes from 1 to 43200' })
  @Max(43_200, { message: 'must be a whole number of minutes from 1 to 43200' })
  ACCESS_SESSION_IDLE_MINUTES = 480;

  /** Hours after which a login ends in any case. */
  @IsInt({ message: 'must be a whole number of hours from 1 to 8760' })
  @Min(1, { message: 'must be a whole number of hours from 1 to 8760' })
  @Max(8760, { message: 'must be a whole number of hours from 1 to 8760' })
  ACCESS_SESSION_HOURS = 168;

  /** Address of an OpenID Connect provider to sign in with, such as https://login.example.org. */
  @Matches(/^(https:\/\/[^\s?#]+|http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/[^\s?#]*)?)?$/, {
    message: 'must be an https:// address such as https://login.example.org',
  })
  OIDC_ISSUER = '';

  /** What the provider knows this Roost as. */
  @IsString({ message: 'must be text' })
  OIDC_CLIENT_ID = '';

  /** The secret that goes with it; empty for a public client. */
  @IsString({ message: 'must be text' })
  OIDC_CLIENT_SECRET = '';

  /** What is asked of the provider, separated by spaces. */
  @Matches(/^openid( [\x21-\x7e]+)*$/, { message: 'must be words separated by spaces, openid first' })
  OIDC_SCOPES = 'openid email profile';

  /** Who of the provider's users is admin: e-mail addresses, or sub:<subject>, separated by commas. Compared exactly. */
  @Matches(OIDC_PERSON, { each: true, message: OIDC_PERSON_WORDS })
  OIDC_ADMINS: string[] = [];

  /** Who of the provider's users is operator. */
  @Matches(OIDC_PERSON, { each: true, message: OIDC_PERSON_WORDS })
  OIDC_OPERATORS: string[] = [];

  /** Who of the provider's users is viewer. */
  @Matches(OIDC_PERSON, { each: true, message: OIDC_PERSON_WORDS })
  OIDC_VIEWERS: string[] = [];

  /** Claim in which the provider itself says viewer, operator or admin; empty: it has no say. */
  @Matches(/^[\w:/.-]*$/, { message: 'must be the name of a claim' })
  OIDC_ROLE_CLAIM = '';

  /** Address people open this Roost at, behind a proxy, such as https://roost.example.org. With https cookies are for TLS alone. */
  @Matches(/^(https?:\/\/[^\s/?#@]+)?$/, {
    message: 'must be an address without a path, such as https://roost.example.org',
  })
  PUBLIC_URL = '';

  /** Proxies whose word on the client's address is taken: how many there are in a row, or their addresses separated by commas. */
  @Matches(
    /^(\d|10|(loopback|linklocal|uniquelocal|[\da-fA-F.:]+(\/\d{1,3})?)(, ?(loopback|linklocal|uniquelocal|[\da-fA-F.:]+(\/\d{1,3})?))*)$/,
    {
      message:
        'must be a number from 0 to 10, or addresses such as loopback or 10.0.0.0/8, separated by commas',
    },
  )
  TRUST_PROXY = '0';

  /** Nothing can be changed through this web app. */
  @IsBoolean({ message: 'must be true or false' })
  READ_ONLY = false;

  /**
   * Paths of inputs and results that nobody is shown without asking, separated by commas: input.password, input.card.*,
   * result.token; *.secret wherever something is called so.
   */
  @Matches(REDACTION_RULE, {
    each: true,
    message: 'must be paths such as input.password, input.card.* or *.secret, separated by commas',
  })
  REDACT: string[] = [];

  /** Calls of the API that one client may make in a minute; 0 for as many as it likes. */
  @IsInt({ message: 'must be a whole number from 0 to 10000000' })
  @Min(0, { message: 'must be a whole number from 0 to 10000000' })
  @Max(10_000_000, { message: 'must be a whole number from 0 to 10000000' })
  RATE_LIMIT_PER_MINUTE = 60_000;

  /** Tasks that may wait in one queue, delayed ones with them, before no more are accepted; 0 for as many as come. */
  @IsInt({ message: 'must be a whole number from 0 to 100000000' })
  @Min(0, { message: 'must be a whole number from 0 to 100000000' })
  @Max(100_000_000, { message: 'must be a whole number from 0 to 100000000' })
  QUEUE_LIMIT = 0;

  /** Days the audit keeps who did what. */
  @IsInt({ message: 'must be a whole number of days from 1 to 36500' })
  @Min(1, { message: 'must be a whole number of days from 1 to 36500' })
  @Max(36_500, { message: 'must be a whole number of days from 1 to 36500' })
  AUDIT_RETENTION_DAYS = 365;
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
