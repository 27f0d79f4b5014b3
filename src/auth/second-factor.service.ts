import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { LOG } from '../platform/logging/logging.module.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import type { Client } from './client.js';
import { LoginLimit } from './login-limit.js';
import { LoginService } from './login.service.js';
import type { Role } from './permissions.js';
import { toQrPath } from './qr-code.js';
import { RecordSeal } from './record-seal.js';
import { SecondFactors, type FactorState } from './second-factors.js';
import { digest } from './secrets.js';
import { Sessions } from './sessions.js';
import type { User } from './user.js';
import { isSamePerson, type Principal } from './principal.js';

/** Time limit for the second step of a login, and for setting up the factor, ms. */
const STEP_MS = 10 * 60_000;
/** Limit on wrong codes of a user. A guesser at this step already has the password. */
const MAX_WRONG_CODES = 10;

/** State carried by the form between password and code: encrypted, bound to the browser. */
interface Step {
  name: string;
  userId: string;
  proof: string;
  until: number;
  /** Secret shown to the authenticator app; present during setup only. */
  secret?: string;
}

/** Data shown to set up a second factor. */
export interface Enrolment {
  secret: string;
  uri: string;
  qr: { path: string; size: number };
}

export interface StepOffer {
  step: string;
  enrolment?: Enrolment;
}

/** Outcome of the second step. `codes` are returned only here. */
export type StepOutcome =
  | { kind: 'stale' }
  | { kind: 'wrong'; user: string; offer: StepOffer }
  | { kind: 'in'; user: string; session: string; codes?: string[] };

export interface OwnFactor {
  /** Absent without a local user. */
  state?: FactorState;
  required: boolean;
  recoveryLeft: number;
  offer?: StepOffer;
}

/** Second step of a login, and management of one's own second factor. */
@Injectable()
export class SecondFactorService {
  readonly limit: LoginLimit;

  constructor(
    @Inject(COMMAND_CLIENT) redis: Redis,
    @Inject(LOG) private readonly log: Logger,
    private readonly settings: Settings,
    private readonly factors: SecondFactors,
    private readonly logins: LoginService,
    private readonly sessions: Sessions,
    private readonly seal: RecordSeal,
  ) {
    this.limit = new LoginLimit(redis, settings, { purpose: 'code:', maxForName: MAX_WRONG_CODES });
  }

  isRequired(role: Role): boolean {
    return this.settings.ACCESS_SECOND_FACTOR.includes(role);
  }

  /** Returns the step that follows the right password, or undefined for none. `browser`: a secret of the browser. */
  async offer(user: User, browser: string): Promise<StepOffer | undefined> {
    const state = await this.factors.state(user.id);
    if (state !== 'off') return this.toOffer(this.newStep(user), browser);
    if (!this.isRequired(user.role)) return undefined;
    return this.toOffer({ ...this.newStep(user), secret: this.factors.newSecret() }, browser);
  }

  /**
   * Checks the code of the second step and starts the session.
   * @param browsers secrets that may identify the browser
   * @throws RoostError TOO_MANY_REQUESTS, REDIS_UNAVAILABLE
   */
  async pass(browsers: string[], text: string, code: string, client: Client): Promise<StepOutcome> {
    const found = this.openStep(browsers, text);
    const user = found && this.logins.findSameUser(found.step.name, found.step.userId, found.step.proof);
    if (!found || !user) return { kind: 'stale' };
    const { step, browser } = found;
    const attempt = await this.limit.acquire(client.from, user.id);
    const codes =
      step.secret === undefined ? undefined : await this.factors.enrol(user.id, step.secret, code);
    const how = step.secret === undefined ? await this.factors.accept(user.id, code) : codes && 'code';
    if (how === undefined) {
      this.log.warn({ user: user.name, from: client.from }, 'a wrong code after a right password');
      return { kind: 'wrong', user: user.name, offer: this.toOffer(step, browser) };
    }
    await attempt.release();
    if (how === 'recovery code')
      this.log.warn({ user: user.name, from: client.from }, 'a recovery code was used');
    const session = await this.logins.start(user, client, true);
    return { kind: 'in', user: user.name, session, ...(codes ? { codes } : {}) };
  }

  /** Returns the principal's second factor. Without one it includes an enrolment, that of `step` if given. */
  async own(principal: Principal, step = ''): Promise<OwnFactor> {
    const user = this.userOf(principal);
    if (!user) return { required: false, recoveryLeft: 0 };
    const state = await this.factors.state(user.id);
    const known = this.openStep([browserOf(principal)], step)?.step;
    const offered = known?.secret ? known : { ...this.newStep(user), secret: this.factors.newSecret() };
    return {
      state,
      required: this.isRequired(user.role),
      recoveryLeft: await this.factors.recoveryLeft(user.id),
      ...(state === 'off' ? { offer: this.toOffer(offered, browserOf(principal)) } : {}),
    };
  }

  /**
   * Sets up the factor for the signed-in user and asks for the password again. Ends the user's sessions and starts a
   * new one in place of the current one.
   * @throws RoostError REQUEST_INVALID, TOO_MANY_REQUESTS, REDIS_UNAVAILABLE
   */
  async enrolOwn(
    principal: Principal,
    form: { step: string; code: string; password: string },
    client: Client,
  ): Promise<{ session: string; codes: string[] }> {
    const user = this.requireUser(principal);
    const secret = this.openStep([browserOf(principal)], form.step)?.step.secret;
    if (secret === undefined) throw invalid('This page is too old: scan the code that it shows now.');
    if (!(await this.logins.check(user.name, form.password, client)))
      throw invalid('The password is not right.');
    const codes = await this.limited(user, client, () => this.factors.enrol(user.id, secret, form.code));
    await this.sessions.endAll(({ identity }) => isSamePerson(identity, principal.identity!));
    return { session: await this.logins.start(user, client, true), codes };
  }

  /** @throws RoostError REQUEST_INVALID also if the role requires a second factor. */
  async turnOffOwn(principal: Principal, code: string, client: Client): Promise<void> {
    const user = this.requireUser(principal);
    if (this.isRequired(user.role)) throw invalid(`The role ${user.role} requires a second factor here.`);
    await this.requireOn(user);
    await this.limited(user, client, () => this.factors.accept(user.id, code));
    await this.factors.reset(user.id);
  }

  async renewRecoveryOwn(principal: Principal, code: string, client: Client): Promise<string[]> {
    const user = this.requireUser(principal);
    await this.requireOn(user);
    await this.limited(user, client, () => this.factors.accept(user.id, code));
    return (await this.factors.renewRecovery(user.id)) ?? [];
  }

  private async limited<T>(user: User, client: Client, work: () => Promise<T | undefined>): Promise<T> {
    const attempt = await this.limit.acquire(client.from, user.id);
    const result = await work();
    if (result === undefined) {
      this.log.warn({ user: user.name, from: client.from }, 'a wrong code of a second factor');
      throw invalid('The code is not right, or was used before. Wait for the next one.');
    }
    await attempt.release();
    return result;
  }

  private async requireOn(user: User): Promise<void> {
    if ((await this.factors.state(user.id)) !== 'on')
      throw invalid('No second factor is set up. Set one up first.');
  }

  private userOf({ via, identity }: Principal): User | undefined {
    if (via !== 'session' || identity?.kind !== 'user') return undefined;
    return this.logins.findSameUser(identity.name, identity.id);
  }

  private requireUser(principal: Principal): User {
    const user = this.userOf(principal);
    if (user) return user;
    throw invalid('A second factor belongs to a user who signs in here with a password.');
  }

  private newStep(user: User): Step {
    const { name, id: userId } = user;
    return { name, userId, proof: this.logins.proofOf(user), until: Date.now() + STEP_MS };
  }

  private toOffer(step: Step, browser: string): StepOffer {
    const { secret } = step;
    if (secret === undefined) return { step: this.sealStep(step, browser) };
    const uri = this.factors.uri(secret, step.name);
    return { step: this.sealStep(step, browser), enrolment: { secret, uri, qr: toQrPath(uri) } };
  }

  private sealStep(step: Step, browser: string): string {
    return this.seal.encrypt(stepKey(browser), JSON.stringify(step));
  }

  private openStep(browsers: string[], text: string): { step: Step; browser: string } | undefined {
    if (text === '') return undefined;
    for (const browser of browsers) {
      const opened = this.seal.decrypt(stepKey(browser), text.slice(0, 2000));
      const step = opened === undefined ? undefined : (JSON.parse(opened) as Step);
      if (step && step.until > Date.now()) return { step, browser };
    }
    return undefined;
  }
}

function stepKey(browser: string): string {
  return `second step of ${digest(browser)}`;
}

/** Binds the forms of a page to its session. */
function browserOf({ csrf = '' }: Principal): string {
  return csrf;
}

function invalid(message: string): RoostError {
  return new RoostError('REQUEST_INVALID', message);
}
