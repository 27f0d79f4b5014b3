import { describe, expect, it } from '@jest/globals';
import { maskUrl, maskUrlsIn } from '../../../../src/platform/config/mask-url.js';
import { shownArguments, shownSettings } from '../../../../src/platform/config/shown-settings.js';
import { loadSettings, type SettingsError } from '../../../../src/platform/config/load-settings.js';
import { Settings } from '../../../../src/platform/config/settings.js';

const launcher = (await import('../../../../scripts/mask-url.mjs' as string)) as { maskUrl: typeof maskUrl };

describe('an address that is shown', () => {
  it.each([
    ['redis://127.0.0.1:6379/0', 'redis://127.0.0.1:6379/0'],
    ['redis://[::1]:6379', 'redis://[::1]:6379'],
    ['redis://me:s3cret@h:6379/1', 'redis://***@h:6379/1'],
    ['redis://s3cret@h', 'redis://***@h'],
    ['redis://h?password=s3cret', 'redis://h?password=***'],
    ['redis://h/0?db=3&password=s3cret&x', 'redis://h/0?db=***&password=***&x'],
    ['redis://:Sup3r/s3cret@h', 'redis://***@h'],
    ['redis://u:12/s3cret@h', 'redis://***@h'],
    ['redis://u:a@s3cret@h', 'redis://***@h'],
    ['redis://u:1?s3cret@h', 'redis://***'],
    ['redis://u:1#s3cret@h', 'redis://***'],
    ['redis://h?password=a@s3cret', 'redis://***'],
    ['redis://h/0#s3cret', 'redis://***'],
    ['redis:s3cret@host', '***'],
    ['s3cret', '***'],
    ['redis+tls://:s3cret@h:1', 'redis+tls://***@h:1'],
    ['redis+cluster://u:s3cret@a:1,b:2', 'redis+cluster://***@a:1,b:2'],
    ['redis://u:s3 cret@h x', 'redis://***'],
    ['redis://u:s3\ncret@h', 'redis://***@h'],
    ['REDIS://:s3cret@h', 'REDIS://***@h'],
    ['https://s3cret@login.example.org/realm', 'https://***@login.example.org/realm'],
    ['', ''],
  ])('%j becomes %j, by the apps and by the launcher', (text, shown) => {
    expect(maskUrl(text)).toBe(shown);
    expect(launcher.maskUrl(text)).toBe(shown);
  });

  it('is masked in a file name and in the middle of a text', () => {
    expect(maskUrl('file:data/history.db?key=s3cret')).toBe('file:data/history.db?key=***');
    expect(maskUrlsIn('--redis=redis://u:s3cret@h "https://h?t=s3cret" me@corp.com')).toBe(
      '--redis=redis://***@h "https://h?t=***" me@corp.com',
    );
  });
});

describe('settings and arguments that are shown', () => {
  it('have no secret, wherever a setting can carry one', () => {
    const settings = new Settings();
    for (const [name, value] of Object.entries(settings))
      if (typeof value === 'string') Object.assign(settings, { [name]: 'https://u:s3cret@h/?k=s3cret' });
    Object.assign(settings, { REDIS_URL: 'redis://h?password=s3cret', ACCESS_USERS: ['ada:admin:s3cret'] });
    expect(JSON.stringify(shownSettings(settings))).not.toContain('s3cret');
  });

  it('have no secret when a setting is refused', () => {
    const bad = 'https://u:s3cret@h/?k=s3cret';
    const names = Object.keys(new Settings()).filter((name) => name !== 'ACCESS_USERS');
    const values = Object.fromEntries(names.map((name) => [name, bad]));
    let message = '';
    try {
      loadSettings(values);
    } catch (error) {
      message = (error as SettingsError).message;
    }
    expect(message).toContain('REDIS_URL');
    expect(message).not.toContain('s3cret');
  });

  it('are masked by the name of the flag', () => {
    expect(
      shownArguments([
        '--redis=redis://:s3cret@h',
        '--api-token=s3cret',
        '--password',
        's3cret',
        'dist/x.js',
      ]),
    ).toEqual(['--redis=redis://***@h', '--api-token=***', '--password', '***', 'dist/x.js']);
  });
});
