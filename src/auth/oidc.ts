import type { Redis } from 'ioredis';
import * as client from 'openid-client';
import { TtlCache } from '../coordination/ttl-cache.js';
import { parseRoleMap } from '../platform/config/role-map.js';
import type { Settings } from '../platform/config/settings.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { claimAt, emailIn, roleOfClaim, type Claims, type ClaimProblem } from './claims.js';
import { isEqualConstantTime } from './authorize.js';
import type { SavedForm } from './saved-form.js';
import { isRole, type Role } from './permissions.js';
import type { RecordSeal } from './record-seal.js';
import { digest } from './secrets.js';
import type { OidcIdentity } from './principal.js';
import { accessKey } from '../bullmq/keys.js';

/** Time limit for the sign-in at the provider, ms. */
const PENDING_LOGIN_MS = 10 * 60_000;
/** Timeout of requests to the provider, s. */
const TIMEOUT_S = 5;
/** Cache time of the provider's configuration, ms. Its keys rotate. */
const CONFIGURATION_MS = 3_600_000;
const MAX_NAME_LENGTH = 200;

/** Failed login. The message is for the user, the cause for the log. */
export class OidcError extends Error {
  override name = 'OidcError';
  /** Page or form that the failed login would have led to. */
  goal?: Goal;
}

/** Destination after a login at the provider: a page, or a form that was submitted without a login. */
export interface Goal {
  next: string;
  savedForm?: SavedForm;
}

/** State stored between the redirect to the provider and its callback. */
interface PendingLogin extends Goal {
  verifier: string;
  nonce: string;
  /** Digest of the browser's secret. */
  browser: string;
}

/**
 * Sign-in at an OpenID Connect provider: authorization code with PKCE, state and nonce. The callback must come from
 * the browser that started the login, and works once. `Roles` decides on permissions.
 */
export class Oidc {
  private readonly configurations = new TtlCache<client.Configuration>(CONFIGURATION_MS);
  private readonly rules: ClaimRules;

  constructor(
    private readonly redis: Redis,
    private readonly settings: Settings,
    private readonly seal: RecordSeal,
  ) {
    this.rules = {
      claim: settings.OIDC_ROLE_CLAIM,
      map: parseRoleMap(settings.OIDC_ROLE_MAP),
      trustEmail: settings.OIDC_TRUST_EMAIL,
    };
  }

  get isOn(): boolean {
    return this.settings.OIDC_ISSUER !== '';
  }

  /** Explains to users and in the log why the provider's user was rejected. Contains none of the claimed values. */
  explainRefusal({
    claimProblem,
    emailProblem,
  }: Pick<ProviderLogin, 'claimProblem' | 'emailProblem'>): string[] {
    const { claim, map } = this.rules;
    const wanted = map.size > 0 ? 'no group of OIDC_ROLE_MAP' : 'neither viewer nor operator nor admin';
    const troubles: Record<ClaimProblem, string> = {
      missing: 'is neither in the ID token nor in the user info',
      'neither text nor list': 'is neither a text nor a list',
      'no match': `has ${wanted} in it`,
    };
    return [
      ...(claimProblem ? [`The claim ${claim} ${troubles[claimProblem]}.`] : []),
      ...(emailProblem === 'no' ? ['The provider reports the e-mail address as not verified.'] : []),
      ...(emailProblem === 'unknown'
        ? ['The provider does not report the e-mail address as verified (email_verified).']
        : []),
    ];
  }

  /** Host name of the provider, for display. */
  get host(): string {
    return new URL(this.settings.OIDC_ISSUER).host;
  }

  /**
   * Starts a login and returns the provider's address for the redirect. `browser`: a secret that identifies the
   * browser.
   * @throws OidcError, RoostError REDIS_UNAVAILABLE
   */
  async begin(browser: string, { next, savedForm }: Goal): Promise<URL> {
    const configuration = await this.configuration();
    const state = client.randomState();
    const pending: PendingLogin = {
      verifier: client.randomPKCECodeVerifier(),
      nonce: client.randomNonce(),
      next,
      savedForm,
      browser: digest(browser),
    };
    const key = this.key(state);
    await withRedis(this.redis, () =>
      this.redis.set(key, this.seal.seal(key, JSON.stringify(pending)), 'PX', PENDING_LOGIN_MS),
    );
    return client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri,
      scope: this.settings.OIDC_SCOPES,
      state,
      nonce: pending.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    });
  }

  /**
   * Completes a login: returns the identity and the destination. `query`: the raw query of the provider's callback.
   * @throws OidcError, RoostError REDIS_UNAVAILABLE
   */
  async complete(browsers: string[], query: string): Promise<ProviderLogin & Goal> {
    const state = new URLSearchParams(query).get('state') ?? '';
    // GETDEL makes the state single-use.
    const key = this.key(state);
    const sealed = await withRedis(this.redis, () => this.redis.getdel(key));
    const text = sealed === null ? undefined : this.seal.open(key, sealed);
    const pending = text === undefined ? undefined : (JSON.parse(text) as PendingLogin);
    if (!pending || !browsers.some((browser) => isEqualConstantTime(digest(browser), pending.browser)))
      throw new OidcError('The login was started in another browser or has expired. Sign in again.');
    const { next, savedForm } = pending;
    try {
      const found = await this.identify(await this.configuration(), query, state, pending).catch(
        (error: unknown) => {
          const isRefusal = (error as { code?: unknown }).code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR';
          throw new OidcError(
            isRefusal
              ? `${this.host} did not let you in.`
              : `${this.host} gave an answer that cannot be trusted.`,
            { cause: error },
          );
        },
      );
      const identity = { ...found.identity, issuer: this.settings.OIDC_ISSUER };
      return { ...found, identity, next, savedForm };
    } catch (error) {
      if (error instanceof OidcError) error.goal = { next, savedForm };
      throw error;
    }
  }

  private async identify(
    configuration: client.Configuration,
    query: string,
    state: string,
    { verifier, nonce }: PendingLogin,
  ): Promise<ProviderLogin> {
    const tokens = await client.authorizationCodeGrant(
      configuration,
      new URL(`?${query}`, this.redirectUri),
      { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
    );
    const { sub, ...claims }: Claims = tokens.claims()!;
    const more = await this.userInfo(configuration, tokens.access_token, String(sub), claims);
    return toIdentity(String(sub), [claims, more], this.rules);
  }

  /**
   * Fetches the user info if claims are missing from the ID token: many providers put only the subject there.
   * Requires the same subject.
   */
  private async userInfo(
    configuration: client.Configuration,
    accessToken: string,
    subject: string,
    claims: Claims,
  ): Promise<Claims> {
    const { claim, trustEmail } = this.rules;
    const hasAll = 'email' in claims && (claim === '' || claimAt(claims, claim) !== undefined);
    const isEnough = hasAll && (trustEmail || emailIn([claims])?.verified !== 'unknown');
    if (isEnough || configuration.serverMetadata().userinfo_endpoint === undefined) return {};
    const answer = client.fetchUserInfo(configuration, accessToken, subject);
    // Optional: the answer would only add the verification of the address. A failure leaves it unknown.
    return hasAll ? answer.catch(() => ({})) : answer;
  }

  private configuration(): Promise<client.Configuration> {
    return this.configurations.get('', async () => {
      const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = this.settings;
      const issuer = new URL(OIDC_ISSUER);
      return client
        .discovery(issuer, OIDC_CLIENT_ID, undefined, authentication(OIDC_CLIENT_SECRET), {
          timeout: TIMEOUT_S,
          // Settings validation allows http for loopback hosts only.
          execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
        })
        .catch((error: unknown) => {
          throw new OidcError(`${this.host} does not answer: try again in a moment.`, { cause: error });
        });
    });
  }

  private get redirectUri(): string {
    return `${this.settings.PUBLIC_URL}/login/oidc/callback`;
  }

  private key(state: string): string {
    return accessKey(this.settings.QUEUE_PREFIX, 'oidc', digest(state));
  }
}

/** Rules for mapping the provider's claims. */
export interface ClaimRules {
  /** Claim that contains roles or groups; empty: none. */
  claim: string;
  /** Roles by group; empty: the claim contains Roost's own role names. */
  map: ReadonlyMap<string, Role>;
  /** Whether an address without `email_verified` counts as verified. */
  trustEmail: boolean;
}

/** Identity from the provider, and the problems with its claims. */
export interface ProviderLogin {
  identity: OidcIdentity;
  claimProblem?: ClaimProblem;
  emailProblem?: 'no' | 'unknown';
}

/**
 * `sources`: the claims of the ID token, then those of the user info. The first source with a claim wins. An
 * unverified e-mail address may belong to anyone, so it is ignored.
 */
export function toIdentity(
  subject: string,
  sources: readonly Claims[],
  { claim, map, trustEmail }: ClaimRules,
): ProviderLogin {
  const email = emailIn(sources);
  const counts = email?.verified === 'yes' || (trustEmail && email?.verified === 'unknown');
  const value = sources.map((claims) => claimAt(claims, claim)).find((one) => one !== undefined);
  const claimed = claim === '' ? undefined : roleOfClaim(value, map);
  return {
    identity: {
      kind: 'oidc',
      name: (counts ? email!.address : `sub:${subject}`).slice(0, MAX_NAME_LENGTH),
      subject,
      ...(counts ? { email: email!.address.slice(0, MAX_NAME_LENGTH) } : {}),
      ...(isRole(claimed) ? { claimed } : {}),
    },
    ...(claimed === undefined || isRole(claimed) ? {} : { claimProblem: claimed }),
    ...(email && !counts ? { emailProblem: email.verified === 'no' ? 'no' : 'unknown' } : {}),
  };
}

/** Authenticates in the header, unless the provider supports the body only. */
function authentication(secret: string): client.ClientAuth {
  if (secret === '') return client.None();
  const inHeader = client.ClientSecretBasic(secret);
  const inBody = client.ClientSecretPost(secret);
  return (server, ...rest) => {
    const supported = server.token_endpoint_auth_methods_supported;
    const isBody = supported !== undefined && !supported.includes('client_secret_basic');
    (isBody ? inBody : inHeader)(server, ...rest);
  };
}
