import { jest } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Provider from 'oidc-provider';
import { mustEnd } from './left-running.js';

/** Claims of the provider about a user, by subject. */
export type Accounts = Record<string, Record<string, unknown>>;

export const CLIENT_ID = 'roost-under-test';
export const CLIENT_SECRET = 'a secret / with + signs & such, that the provider and Roost share';

/**
 * A real OpenID Connect provider on this machine, that signs in whoever is `next` without asking. Strict as the library
 * is: redirect addresses compared exactly, PKCE demanded, codes good for once.
 */
export class LoginProvider {
  /** Subject of who signs in next; undefined: they decline. */
  next: string | undefined;

  private constructor(
    readonly issuer: string,
    private readonly server: Server,
  ) {
    mustEnd({ name: 'OpenID Connect provider', isRunning: () => server.listening, kill: () => this.stop() });
  }

  static async start(
    accounts: Accounts,
    redirectUri: string,
    { authMethod = 'client_secret_basic', claimsInToken = false } = {},
  ): Promise<LoginProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const isPublic = authMethod === 'none';
    const provider = await quietly(issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          ...(isPublic ? {} : { client_secret: CLIENT_SECRET }),
          token_endpoint_auth_method: authMethod,
          redirect_uris: [redirectUri],
          response_types: ['code'],
          grant_types: ['authorization_code'],
        },
      ],
      clientAuthMethods: [authMethod],
      jwks: { keys: [signingKey()] },
      cookies: { keys: ['for tests alone'] },
      pkce: { required: () => true },
      conformIdTokenClaims: !claimsInToken,
      claims: {
        openid: ['sub'],
        email: ['email', 'email_verified'],
        profile: [
          ...['name', 'preferred_username', 'roost_role'],
          ...['realm_access', 'https://example.org/roles'],
        ],
      },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_: unknown, sub: string) => ({
        accountId: sub,
        claims: async () => ({ sub, ...accounts[sub] }),
      }),
      ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    });
    const self = new LoginProvider(issuer, server);
    const answer = provider.callback();
    server.on('request', (req, res) => {
      if (!req.url?.startsWith('/interaction/')) return answer(req, res);
      self.interact(provider, req, res).catch((error: unknown) => {
        res.statusCode = 500;
        res.end(String(error));
      });
    });
    return self;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  /** Does what a person would do on the provider's pages. */
  private async interact(provider: Provider, req: unknown, res: unknown): Promise<void> {
    if (this.next === undefined) {
      return provider.interactionFinished(req, res, { error: 'access_denied' });
    }
    const { prompt, params, session } = await provider.interactionDetails(req, res);
    if (prompt.name === 'login')
      return provider.interactionFinished(req, res, { login: { accountId: this.next } });
    const grant = new provider.Grant({ accountId: session!.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope!);
    await provider.interactionFinished(
      req,
      res,
      { consent: { grantId: await grant.save() } },
      { mergeWithLastSubmission: true },
    );
  }
}

/** It warns of what a test needs: keeping everything in memory, and the oldest Node that Roost runs on. */
async function quietly(issuer: string, configuration: object): Promise<Provider> {
  const warnings = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  try {
    const { default: Real } = await import('oidc-provider');
    return new Real(issuer, configuration);
  } finally {
    warnings.mockRestore();
  }
}

function signingKey(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'test' };
}
