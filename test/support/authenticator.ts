import { Secret, TOTP } from 'otpauth';

/** An authenticator app that knows one secret. */
export class Authenticator {
  constructor(readonly secret: string) {}

  /** Reads the secret from the page that shows it. */
  static of(html: string): Authenticator {
    const [, secret] = /factor-secret">([A-Z2-7]{32})</.exec(html) ?? [];
    if (secret === undefined) throw new Error(`no secret in: ${html.slice(0, 2000)}`);
    return new Authenticator(secret);
  }

  /** The code of now, or of so many steps later: the next one is taken as well. */
  code(later: 0 | 1 = 0): string {
    const totp = new TOTP({ secret: Secret.fromBase32(this.secret), digits: 6, period: 30 });
    return totp.generate({ timestamp: Date.now() + later * 30_000 });
  }

  /** Six digits that are none of the codes around now. */
  wrongCode(): string {
    const totp = new TOTP({ secret: Secret.fromBase32(this.secret), digits: 6, period: 30 });
    const near = [-3, -2, -1, 0, 1, 2, 3].map((step) =>
      totp.generate({ timestamp: Date.now() + step * 30_000 }),
    );
    return ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777'].find(
      (code) => !near.includes(code),
    )!;
  }
}
