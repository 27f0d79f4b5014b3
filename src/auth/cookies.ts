import type { Request, Response } from 'express';
import type { Settings } from '../platform/config/settings.js';

/** Limit on cookies read per name. Each one costs a lookup. */
const MAX_VALUES_PER_NAME = 5;

/**
 * HttpOnly cookie for this host and all its paths, also sent when the user follows a link from another site
 * (SameSite=Lax).
 */
export class SecretCookie {
  readonly name: string;
  private readonly isSecure: boolean;

  /**
   * Uses the `__Host-` prefix if PUBLIC_URL is https: browsers then accept the cookie only from this host over TLS.
   * Otherwise adds the port to the name, because cookies do not separate programs on one host.
   */
  constructor(purpose: string, { PUBLIC_URL, PORT }: Pick<Settings, 'PUBLIC_URL' | 'PORT'>) {
    this.isSecure = PUBLIC_URL.startsWith('https:');
    this.name = this.isSecure ? `__Host-roost-${purpose}` : `roost-${purpose}-${PORT}`;
  }

  /**
   * Returns every value of the cookie, in the browser's order. Another program on the host or a parent domain can add
   * values in front. The caller must find the valid one.
   */
  readAll(req: Request): string[] {
    const found: string[] = [];
    for (const part of (req.headers.cookie ?? '').split(';')) {
      const at = part.indexOf('=');
      if (at > 0 && part.slice(0, at).trim() === this.name) found.push(part.slice(at + 1).trim());
    }
    return [...new Set(found)].slice(0, MAX_VALUES_PER_NAME);
  }

  /** Sets a cookie that lasts until the browser closes. */
  set(res: Response, value: string): void {
    res.append('Set-Cookie', `${this.name}=${value}${this.attributes()}`);
  }

  clear(res: Response): void {
    res.append('Set-Cookie', `${this.name}=${this.attributes()}; Max-Age=0`);
  }

  private attributes(): string {
    return `; Path=/; HttpOnly; SameSite=Lax${this.isSecure ? '; Secure' : ''}`;
  }
}
