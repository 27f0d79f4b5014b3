import type { Redis } from 'ioredis';
import * as client from 'openid-client';
import type { Settings } from '../config/settings.js';
import { withRedis } from '../queue/redis-errors.js';
import { isSame } from './decide.js';
import { claimedRole } from './roles.js';
import { digest } from './secrets.js';
import type { Identity } from './visitor.js';

/** How long somebody may take to sign in at the provider, ms. */
const UNDER_WAY_MS = 10 * 60_000;
/** How long the provider may take to answer, s. */
const TIMEOUT_S = 5;
/** The provider's own settings are asked for again after this, ms: its keys change. */
const CONFIGURATION_MS = 3_600_000;
const MAX_NAME = 200;

/** It did not come to a login; the message is for the person, the cause for the log. */
export class OidcError extends Error {
  override name = 'OidcError';
}

/** Kept from the leaving to the coming back. */
interface UnderWay {
  verifier: string;
  nonce: string;
  next: string;
  /** Digest of the secret of the browser that left. */
  browser: string;
}

/**
 * Signing in at an OpenID Connect provider: authorization code with PKCE, state and nonce. Who comes back is the
 * browser that left, once; what it is allowed is for `Roles` to say.
 */
export class Oidc {
  private configuration: { at: number; answer: Promise<client.Configuration> } | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly settings: Settings,
  ) {}

  get isOn(): boolean {
    return this.settings.OIDC_ISSUER !== '';
  }

  /** For people: the name of the provider's host. */
  get host(): string {
    return new URL(this.settings.OIDC_ISSUER).host;
  }

  /**
   * Where to send the browser, which is known by a secret of its own.
   * @throws OidcError, RoostError REDIS_UNAVAILABLE
   */
  async leave(browser: string, next: string): Promise<URL> {
    const configuration = await this.configured();
    const state = client.randomState();
    const underWay: UnderWay = {
      verifier: client.randomPKCECodeVerifier(),
      nonce: client.randomNonce(),
      next,
      browser: digest(browser),
    };
    await withRedis(this.redis, () =>
      this.redis.set(this.key(state), JSON.stringify(underWay), 'PX', UNDER_WAY_MS),
    );
    return client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri,
      scope: this.settings.OIDC_SCOPES,
      state,
      nonce: underWay.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(underWay.verifier),
      code_challenge_method: 'S256',
    });
  }

  /**
   * Who came back, and where they wanted to go. `query`: what the provider sent along, as it came.
   * @throws OidcError, RoostError REDIS_UNAVAILABLE
   */
  async comeBack(browser: string | undefined, query: string): Promise<{ identity: Identity; next: string }> {
    const state = new URLSearchParams(query).get('state') ?? '';
    // Taken out: an answer counts once.
    const text = await withRedis(this.redis, () => this.redis.getdel(this.key(state)));
    const underWay = text === null ? undefined : (JSON.parse(text) as UnderWay);
    if (!underWay || browser === undefined || !isSame(digest(browser), underWay.browser))
      throw new OidcError('That login was begun in another browser, or too long ago.');
    const configuration = await this.configured();
    const identity = await this.identify(configuration, query, state, underWay).catch((error: unknown) => {
      const isRefusal = (error as { code?: unknown }).code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR';
      throw new OidcError(
        isRefusal
          ? `${this.host} did not let you in.`
          : `${this.host} gave an answer that cannot be trusted.`,
        { cause: error },
      );
    });
    return { identity, next: underWay.next };
  }

  private async identify(
    configuration: client.Configuration,
    query: string,
    state: string,
    { verifier, nonce }: UnderWay,
  ): Promise<Identity> {
    const tokens = await client.authorizationCodeGrant(
      configuration,
      new URL(`?${query}`, this.redirectUri),
      { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
    );
    const { sub, ...told }: Record<string, unknown> = tokens.claims()!;
    const claim = this.settings.OIDC_ROLE_CLAIM;
    const isEnough = 'email' in told && (claim === '' || claim in told);
    // Many providers put only the subject into the token and tell the rest when asked; asked for this very subject.
    const more =
      isEnough || configuration.serverMetadata().userinfo_endpoint === undefined
        ? {}
        : await client.fetchUserInfo(configuration, tokens.access_token, String(sub));
    return toIdentity(String(sub), { ...more, ...told }, claim);
  }

  private configured(): Promise<client.Configuration> {
    if (!this.configuration || Date.now() - this.configuration.at > CONFIGURATION_MS) {
      const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = this.settings;
      const issuer = new URL(OIDC_ISSUER);
      const answer = client
        .discovery(issuer, OIDC_CLIENT_ID, undefined, authentication(OIDC_CLIENT_SECRET), {
          timeout: TIMEOUT_S,
          // The settings allow http for this machine alone.
          execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
        })
        .catch((error: unknown) => {
          this.configuration = undefined;
          throw new OidcError(`${this.host} does not answer: try again in a moment.`, { cause: error });
        });
      this.configuration = { at: Date.now(), answer };
    }
    return this.configuration.answer;
  }

  private get redirectUri(): string {
    return `${this.settings.PUBLIC_URL}/login/oidc/callback`;
  }

  private key(state: string): string {
    return `${this.settings.QUEUE_PREFIX}:access:oidc:${digest(state)}`;
  }
}

/** A mail address that the provider has not verified could be anybody's: it is as if there were none. */
export function toIdentity(subject: string, claims: Record<string, unknown>, roleClaim: string): Identity {
  const email =
    typeof claims.email === 'string' && claims.email_verified === true
      ? claims.email.slice(0, MAX_NAME)
      : undefined;
  const claimed = roleClaim === '' ? undefined : claimedRole(claims[roleClaim]);
  return {
    kind: 'oidc',
    name: email ?? `sub:${subject}`.slice(0, MAX_NAME),
    subject,
    ...(email === undefined ? {} : { email }),
    ...(claimed === undefined ? {} : { claimed }),
  };
}

/** As the provider likes it: in the header unless it says that it takes it in the body alone. */
function authentication(secret: string): client.ClientAuth {
  if (secret === '') return client.None();
  const inHeader = client.ClientSecretBasic(secret);
  const inBody = client.ClientSecretPost(secret);
  return (server, ...rest) => {
    const taken = server.token_endpoint_auth_methods_supported;
    const isBody = taken !== undefined && !taken.includes('client_secret_basic');
    (isBody ? inBody : inHeader)(server, ...rest);
  };
}
