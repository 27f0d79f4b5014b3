import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';
import { blockingConnection } from '../bullmq/connection/redis-connections.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { Users } from './users.js';
import { accessKey } from '../bullmq/keys.js';

/** Interval for checking the user file while streams are open, ms. It can change without a message. */
const FILE_CHECK_MS = 1000;

/** Pub/sub channel of `QUEUE_PREFIX`. scripts/access-changed.mjs publishes to it too. */
export function sessionChannel(prefix: string): string {
  return accessKey(prefix, 'changes');
}

/**
 * Announces changes of sessions, tokens and users to every web process, so that open streams and exports check their
 * access at once. A message only triggers a check: its content is not trusted.
 */
@Injectable()
export class SessionChanges implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly listeners = new Set<() => void>();
  private subscriber: Redis | undefined;
  private readonly channel: string;
  private readonly fileChecks: PeriodicRunner;
  private pending: NodeJS.Immediate | undefined;
  private usersVersion: number;
  /** Incremented at every known change. */
  version = 0;

  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly users: Users,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.channel = sessionChannel(settings.QUEUE_PREFIX);
    this.usersVersion = users.version;
    this.fileChecks = new PeriodicRunner(() => this.checkUsers(), {
      name: 'check of the user file',
      everyMs: FILE_CHECK_MS,
      log,
    });
  }

  onApplicationBootstrap(): void {
    const subscriber = blockingConnection(this.settings, 'access', this.log);
    this.subscriber = subscriber;
    subscriber.on('message', () => this.changed());
    // Messages are lost while disconnected, so each new subscription triggers a check.
    subscriber.on('ready', () => {
      subscriber.subscribe(this.channel).then(
        () => this.changed(),
        () => undefined,
      );
    });
  }

  onApplicationShutdown(): void {
    void this.fileChecks.stop();
    clearImmediate(this.pending);
    this.subscriber?.disconnect();
  }

  /**
   * Notifies this process at once and the others through Redis. While Redis is unavailable the others check by
   * themselves within 30 s.
   */
  publish(): void {
    this.changed();
    this.redis.publish(this.channel, '1').catch(() => undefined);
  }

  /**
   * Calls the listener at each change, and soon if the version has changed since `since`: a stream that opens during
   * a sign-out must not miss it. Returns the unsubscribe function.
   */
  subscribe(listener: () => void, since: number): () => void {
    this.listeners.add(listener);
    if (since !== this.version) setImmediate(listener);
    if (this.listeners.size === 1) void this.fileChecks.start();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) void this.fileChecks.stop();
    };
  }

  private checkUsers(): void {
    if (this.users.version !== this.usersVersion) this.changed();
  }

  private changed(): void {
    this.version++;
    this.usersVersion = this.users.version;
    // Coalesces changes into one check in a later tick: lookups of this tick may predate the change.
    this.pending ??= setImmediate(() => {
      this.pending = undefined;
      for (const listener of [...this.listeners]) listener();
    });
  }
}
