import 'reflect-metadata';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { hostname } from 'node:os';
import { QUEUE_NAME, QUEUE_NAME_WORDS } from '../../model/queue-name.js';
import { VERSION } from '../project-root.js';
import { REDACTION_RULE } from '../redaction/redaction.js';
import { ROLES, type Role } from '../../model/roles.js';
import { parseAuditExport } from './audit-export.js';
import { parseRoleMap } from './role-map.js';
import { IsParsable } from './is-parsable.js';
import { parseRedisUrl } from './redis-url.js';

const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Whether the value of a setting must not be displayed. */
export function isSecret(name: string): boolean {
  return /URL|PASSWORD|SECRET|TOKEN|USERS$/.test(name);
}

/** Matches exact subjects and addresses only, no patterns. */
const OIDC_PERSON = /^(sub:[^\s,]{1,255}|[^\s@,*]+@[^\s@,*]+)$/;
const OIDC_PERSON_WORDS = 'must be e-mail addresses, or sub: and a subject, separated by commas';

/**
 * All settings of Roost, from the environment or `.env`. The property's name is the variable's. A test checks that
 * `.env.example` matches this class. Numbers are integers; times are milliseconds unless the name has another unit.
 */
export class Settings {
  /** Address that the web app listens on. */
  @IsString({ message: 'must be an address such as 127.0.0.1' })
  @Length(1, 255, { message: 'must be an address such as 127.0.0.1' })
  HOST = '127.0.0.1';

  /** Port of the web app; 0 selects a free one. */
  @IsInt({ message: 'must be a whole number from 0 to 65535' })
  @Min(0, { message: 'must be a whole number from 0 to 65535' })
  @Max(65_535, { message: 'must be a whole number from 0 to 65535' })
  PORT = 5000;

  /** Redis to use. Without it `npm start` starts its own; separate processes require it. */
  @IsParsable('isRedisUrl', parseRedisUrl)
  REDIS_URL: string;

  /** PEM file with the CA of a Redis over TLS (rediss://); empty: the CAs of Node. */
  @IsString({ message: 'must be a file' })
  REDIS_TLS_CA = '';

  /** File of the client certificate for that Redis, if it requires one. */
  @IsString({ message: 'must be a file' })
  REDIS_TLS_CERT = '';

  /** File of the private key of that certificate. */
  @IsString({ message: 'must be a file' })
  REDIS_TLS_KEY = '';

  /** Prefix of every Redis key. Two Roosts on one Redis need two prefixes. */
  @Matches(NAME, {
    message: 'must be letters, digits, dots, dashes or underscores, starting with a letter or digit',
  })
  @Length(1, 64, { message: 'must be at most 64 characters long' })
  QUEUE_PREFIX = 'roost';

  /** Display name of this worker. Defaults to host and process id. */
  @IsOptional()
  @Matches(NAME, {
    message: 'must be letters, digits, dots, dashes or underscores, starting with a letter or digit',
  })
  @Length(1, 64, { message: 'must be at most 64 characters long' })
  WORKER_NAME: string = `${hostname().replace(/[^A-Za-z0-9._-]/g, '-')}-${process.pid}`.slice(-64);

  /** Version of your code, such as a git commit. Shown for each worker and counted with failures. Defaults to Roost's own. */
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._+/-]*$/, {
    message: 'must be letters, digits, and . _ + / - between them',
  })
  @Length(1, 64, { message: 'must be at most 64 characters long' })
  APP_VERSION: string = VERSION;

  /** Number of tasks that one worker runs at once, per queue. */
  @IsInt({ message: 'must be a whole number from 1 to 1000' })
  @Min(1, { message: 'must be a whole number from 1 to 1000' })
  @Max(1000, { message: 'must be a whole number from 1 to 1000' })
  WORKER_CONCURRENCY = 10;

  /** Additional queues, beyond those of the task types, separated by commas. */
  @Matches(QUEUE_NAME, {
    each: true,
    message: `must be a list of queues separated by commas, each ${QUEUE_NAME_WORDS}`,
  })
  QUEUES: string[] = [];

  /** Queues that this worker serves, separated by commas; empty: all. Must be queues of a task type or of QUEUES. */
  @Matches(QUEUE_NAME, {
    each: true,
    message: `must be a list of queues separated by commas, each ${QUEUE_NAME_WORDS}`,
  })
  WORKER_QUEUES: string[] = [];

  /** Time limit of a stop: running tasks get this long to finish. */
  @IsInt({ message: 'must be a whole number of milliseconds from 1000 to 3600000' })
  @Min(1000, { message: 'must be a whole number of milliseconds from 1000 to 3600000' })
  @Max(3_600_000, { message: 'must be a whole number of milliseconds from 1000 to 3600000' })
  SHUTDOWN_TIMEOUT_MS = 30_000;

  /** Lowest severity to log. */
  @IsIn(LOG_LEVELS, { message: `must be one of: ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL = 'info';

  /** Folder of web.log and worker.log. */
  @Length(1, 1024, { message: 'must be a folder' })
  LOG_DIR = 'logs';

  /** Retention of a completed task, hours. At least 24: a client may repeat an Idempotency-Key that long. */
  @IsInt({ message: 'must be a whole number of hours from 24 to 87600' })
  @Min(24, { message: 'must be a whole number of hours from 24 to 87600' })
  @Max(87_600, { message: 'must be a whole number of hours from 24 to 87600' })
  TASK_RETENTION_COMPLETED_HOURS = 72;

  /** Number of completed tasks stored per queue, newest first. */
  @IsInt({ message: 'must be a whole number from 1 to 10000000' })
  @Min(1, { message: 'must be a whole number from 1 to 10000000' })
  @Max(10_000_000, { message: 'must be a whole number from 1 to 10000000' })
  TASK_RETENTION_COMPLETED_COUNT = 100_000;

  /** Retention of a failed, cancelled or expired task, hours. */
  @IsInt({ message: 'must be a whole number of hours from 24 to 87600' })
  @Min(24, { message: 'must be a whole number of hours from 24 to 87600' })
  @Max(87_600, { message: 'must be a whole number of hours from 24 to 87600' })
  TASK_RETENTION_FAILED_HOURS = 336;

  /** Number of failed, cancelled and expired tasks stored per queue and state, newest first. */
  @IsInt({ message: 'must be a whole number from 1 to 10000000' })
  @Min(1, { message: 'must be a whole number from 1 to 10000000' })
  @Max(10_000_000, { message: 'must be a whole number from 1 to 10000000' })
  TASK_RETENTION_FAILED_COUNT = 100_000;

  /** Location of the history: an SQLite file, relative to the working directory of the app. */
  @Matches(/^file:(?!\/\/).+$/, {
    message: 'must be a file such as file:data/history.db; other stores are not built in',
  })
  @Length(6, 1024, { message: 'must be a file such as file:data/history.db' })
  HISTORY_URL = 'file:data/history.db';

  /** Retention of a completed task in the history, days. */
  @IsInt({ message: 'must be a whole number of days from 1 to 36500' })
  @Min(1, { message: 'must be a whole number of days from 1 to 36500' })
  @Max(36_500, { message: 'must be a whole number of days from 1 to 36500' })
  HISTORY_RETENTION_DAYS = 30;

  /** Retention of a failed, cancelled or expired task in the history, days. */
  @IsInt({ message: 'must be a whole number of days from 1 to 36500' })
  @Min(1, { message: 'must be a whole number of days from 1 to 36500' })
  @Max(36_500, { message: 'must be a whole number of days from 1 to 36500' })
  HISTORY_RETENTION_FAILED_DAYS = 90;

  /** Number of finished tasks per state stored in the history, newest first. */
  @IsInt({ message: 'must be a whole number from 1 to 100000000' })
  @Min(1, { message: 'must be a whole number from 1 to 100000000' })
  @Max(100_000_000, { message: 'must be a whole number from 1 to 100000000' })
  HISTORY_RETENTION_COUNT = 2_000_000;

  /** Users with a password, `name:role:hash` separated by commas; `npm run user -- hash` prints one. Roles: viewer, operator, admin. */
  @IsString({ each: true, message: 'must be a list of name:role:hash separated by commas' })
  ACCESS_USERS: string[] = [];

  /** File with more users, managed by `npm run user`; read again when it changes. */
  @Length(1, 1024, { message: 'must be a file' })
  ACCESS_USERS_FILE = 'data/users';

  /** Secret that seals sessions, API tokens and the audit; the same for all web apps of a prefix, 32 characters or more. Empty: created in `access-secret` next to the user file. */
  @Matches(/^(\S{32,256})?$/, { message: 'must be 32 to 256 characters without spaces' })
  ACCESS_SECRET = '';

  /** Roles that require a second factor after the password, separated by commas: admin, operator, viewer. Users of a provider have their second factor there. */
  @IsIn(ROLES, { each: true, message: 'must be roles separated by commas: viewer, operator, admin' })
  ACCESS_SECOND_FACTOR: Role[] = [];

  /** Minutes without a request after which a session ends. */
  @IsInt({ message: 'must be a whole number of minutes from 1 to 43200' })
  @Min(1, { message: 'must be a whole number of minutes from 1 to 43200' })
  @Max(43_200, { message: 'must be a whole number of minutes from 1 to 43200' })
  ACCESS_SESSION_IDLE_MINUTES = 480;

  /** Hours after which a session ends in any case. */
  @IsInt({ message: 'must be a whole number of hours from 1 to 8760' })
  @Min(1, { message: 'must be a whole number of hours from 1 to 8760' })
  @Max(8760, { message: 'must be a whole number of hours from 1 to 8760' })
  ACCESS_SESSION_HOURS = 168;

  /** Address of an OpenID Connect provider to sign in with, such as https://login.example.org. */
  @Matches(/^(https:\/\/[^\s?#]+|http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?(\/[^\s?#]*)?)?$/, {
    message: 'must be an https:// address such as https://login.example.org',
  })
  OIDC_ISSUER = '';

  /** Client id of this Roost at the provider. */
  @IsString({ message: 'must be text' })
  OIDC_CLIENT_ID = '';

  /** Client secret; empty for a public client. */
  @IsString({ message: 'must be text' })
  OIDC_CLIENT_SECRET = '';

  /** Scopes requested from the provider, separated by spaces. */
  @Matches(/^openid( [\x21-\x7e]+)*$/, { message: 'must be words separated by spaces, openid first' })
  OIDC_SCOPES = 'openid email profile';

  /** Provider users with the role admin: e-mail addresses, or sub:<subject>, separated by commas. Compared exactly. */
  @Matches(OIDC_PERSON, { each: true, message: OIDC_PERSON_WORDS })
  OIDC_ADMINS: string[] = [];

  /** Provider users with the role operator. */
  @Matches(OIDC_PERSON, { each: true, message: OIDC_PERSON_WORDS })
  OIDC_OPERATORS: string[] = [];

  /** Provider users with the role viewer. */
  @Matches(OIDC_PERSON, { each: true, message: OIDC_PERSON_WORDS })
  OIDC_VIEWERS: string[] = [];

  /** Claim with the user's roles or groups, or the path to it, such as realm_access.roles; empty: claims give no roles. */
  @Matches(/^(?!\.)(?!.*\.(\.|$))[\x21-\x2b\x2d-\x7e]{0,200}$/, {
    message: 'must be the name of a claim, or a path to it such as realm_access.roles',
  })
  OIDC_ROLE_CLAIM = '';

  /** Roles by group of that claim, group=role separated by commas, or JSON; empty: the claim contains viewer, operator or admin. */
  @IsParsable('isRoleMap', parseRoleMap)
  OIDC_ROLE_MAP = '';

  /** Whether to accept e-mail addresses without a verification status from the provider. */
  @IsBoolean({ message: 'must be true or false' })
  OIDC_TRUST_EMAIL = false;

  /** Public address of this Roost behind a proxy, such as https://roost.example.org. With https, cookies are sent over TLS only. */
  @Matches(/^(https?:\/\/[^\s/?#@]+)?$/, {
    message: 'must be an address without a path, such as https://roost.example.org',
  })
  PUBLIC_URL = '';

  /** Proxies whose X-Forwarded-For is trusted: their number in a row, or their addresses separated by commas. */
  @Matches(
    /^(\d|10|(loopback|linklocal|uniquelocal|[\da-fA-F.:]+(\/\d{1,3})?)(, ?(loopback|linklocal|uniquelocal|[\da-fA-F.:]+(\/\d{1,3})?))*)$/,
    {
      message:
        'must be a number from 0 to 10, or addresses such as loopback or 10.0.0.0/8, separated by commas',
    },
  )
  TRUST_PROXY = '0';

  /** Whether this web app rejects all changes. */
  @IsBoolean({ message: 'must be true or false' })
  READ_ONLY = false;

  /** Paths of inputs and results that are redacted until revealed, separated by commas: input.password, input.card.*, result.token; *.secret matches the name anywhere. */
  @Matches(REDACTION_RULE, {
    each: true,
    message: 'must be paths such as input.password, input.card.* or *.secret, separated by commas',
  })
  REDACT: string[] = [];

  /** API calls per client and minute; 0: unlimited. */
  @IsInt({ message: 'must be a whole number from 0 to 10000000' })
  @Min(0, { message: 'must be a whole number from 0 to 10000000' })
  @Max(10_000_000, { message: 'must be a whole number from 0 to 10000000' })
  RATE_LIMIT_PER_MINUTE = 60_000;

  /** Number of waiting and delayed tasks per queue from which new ones are rejected; 0: unlimited. */
  @IsInt({ message: 'must be a whole number from 0 to 100000000' })
  @Min(0, { message: 'must be a whole number from 0 to 100000000' })
  @Max(100_000_000, { message: 'must be a whole number from 0 to 100000000' })
  QUEUE_LIMIT = 0;

  /** Retention of the audit, days. */
  @IsInt({ message: 'must be a whole number of days from 1 to 36500' })
  @Min(1, { message: 'must be a whole number of days from 1 to 36500' })
  @Max(36_500, { message: 'must be a whole number of days from 1 to 36500' })
  AUDIT_RETENTION_DAYS = 365;

  /** Target of the audit export: file: and a path for JSON lines, or syslog://, syslog+tcp:// or syslog+tls://host:port; empty: none. */
  @IsParsable('isAuditExport', parseAuditExport)
  AUDIT_EXPORT = '';
}
