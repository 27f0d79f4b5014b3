/** As far as it is used here; the package brings no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    proxy: boolean;
    interactionDetails(
      req: unknown,
      res: unknown,
    ): Promise<{ prompt: { name: string }; params: Record<string, string>; session?: { accountId: string } }>;
    interactionFinished(req: unknown, res: unknown, result: object, options?: object): Promise<void>;
    Grant: new (init: object) => { addOIDCScope(scope: string): void; save(): Promise<string> };
  }
}
