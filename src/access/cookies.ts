import type { Request, Response } from 'express';
import type { Settings } from '../config/settings.js';

/** A cookie of ours: never readable by scripts, for this host and all its paths, sent along when coming from a link. */
export class SecretCookie {
  readonly name: string;
  private readonly isSecure: boolean;

  /**
   * `__Host-` where the public address is https: browsers then take it from this very host over TLS alone. Without, the
   * port is in the name: cookies do not keep two programs of one host apart by themselves.
   */
  constructor(purpose: string, { PUBLIC_URL, PORT }: Pick<Settings, 'PUBLIC_URL' | 'PORT'>) {
    this.isSecure = PUBLIC_URL.startsWith('https:');
    this.name = this.isSecure ? `__Host-roost-${purpose}` : `roost-${purpose}-${PORT}`;
  }

  read(req: Request): string | undefined {
    for (const part of (req.headers.cookie ?? '').split(';')) {
      const at = part.indexOf('=');
      if (at > 0 && part.slice(0, at).trim() === this.name) return part.slice(at + 1).trim();
    }
    return undefined;
  }

  /** Until the browser is closed. */
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
