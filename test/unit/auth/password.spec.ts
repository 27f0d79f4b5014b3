import { describe, expect, it } from '@jest/globals';
import { hashPassword, isPassword, DUMMY_HASH, parseHash } from '../../../src/auth/password.js';
import { parseUser, printUser, toUserName } from '../../../src/auth/user.js';

const COST = { logN: 10, r: 8, p: 1 };

describe('hashes of passwords', () => {
  it('know their password, in whatever way its characters are composed', async () => {
    const hash = await hashPassword('Zürich \u00e9', COST);
    expect(await isPassword('Zu\u0308rich e\u0301', hash)).toBe(true);
    for (const other of ['zürich é', 'Zürich é ', '', 'Zürich e', '\ud800'])
      expect(await isPassword(other, hash)).toBe(false);
  });

  it('are different each time', async () => {
    expect(await hashPassword('the same one', COST)).not.toBe(await hashPassword('the same one', COST));
  });

  it('cost as much for a name nobody has', async () => {
    const { logN, r, p } = parseHash(DUMMY_HASH);
    expect([logN, r, p]).toEqual([15, 8, 3]);
    const own = parseHash(await hashPassword('a password'));
    expect([own.logN, own.r, own.p]).toEqual([15, 8, 3]);
    expect(await isPassword('a password', DUMMY_HASH)).toBe(false);
  });

  it.each([
    '',
    'plain',
    'scrypt',
    'scrypt.15.8.3.a.b',
    'scrypt.30.8.1.aaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'scrypt.15.99.3.aaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  ])('are not %j', (hash) => expect(() => parseHash(hash)).toThrow(/^is /));
});

describe('lines of users', () => {
  it('are read as they were written', async () => {
    const hash = await hashPassword('a password', COST);
    expect(parseUser(`ada@example.org:operator:${hash}`)).toEqual({
      name: 'ada@example.org',
      role: 'operator',
      hash,
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    const line = `ada:admin:${hash}:0123456789abcdef`;
    expect(parseUser(line).id).toBe('0123456789abcdef');
    expect(printUser(parseUser(line))).toBe(line);
    // Without an id the account follows from name and password.
    const other = await hashPassword('a password', COST);
    expect(parseUser(`ada:admin:${hash}`).id).toBe(parseUser(`ada:viewer:${hash}`).id);
    expect(parseUser(`ada:admin:${other}`).id).not.toBe(parseUser(`ada:admin:${hash}`).id);
    expect(toUserName(' Ada ')).toBe('Ada');
    expect(toUserName('Jürgen')).toBe('Ju\u0308rgen'.normalize('NFKC'));
  });

  it('are refused without the hash being told', async () => {
    const hash = await hashPassword('a password', COST);
    for (const line of [
      `ada:boss:${hash}`,
      `a b:admin:${hash}`,
      `ada:admin:${hash}x:`,
      `ada:admin:${hash}:12`,
      `ada:admin:${hash}:0123456789abcdef:`,
      `ada:admin:${hash.slice(0, -30)}`,
      `ada:${hash}`,
      '',
    ])
      expect(() => parseUser(line)).toThrow(expect.not.stringContaining(hash.slice(0, 40)) as never);
    for (const name of ['', '.ada', 'a:b', 'a,b', 'a b', 'x'.repeat(65), 'a\u0000', '<b>'])
      expect(toUserName(name)).toBeUndefined();
  });
});
