import { maskUrl, maskUrlsIn } from './mask-url.js';
import { isSecret, type Settings } from './settings.js';

/** Returns the settings for display: masks secrets, also in addresses. */
export function shownSettings(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      shownSetting(name, Array.isArray(value) ? value.join(',') : String(value)),
    ]),
  );
}

/** Returns one value of a setting for display, valid or not. */
export function shownSetting(name: string, value: string): string {
  if (!isSecret(name)) return maskUrlsIn(value);
  if (name.endsWith('URL')) return maskUrl(value);
  return value === '' ? '' : '***';
}

/** Returns the arguments of a process for display. */
export function shownArguments(args: readonly string[]): string[] {
  return args.map((arg, i) => {
    const [flag, ...value] = arg.split('=');
    const isFlag = /^--?\w/.test(flag!);
    if (isFlag && value.length > 0 && isSecretFlag(flag!)) return `${flag}=***`;
    if (i > 0 && !isFlag && isSecretFlag(args[i - 1]!) && /^--?\w/.test(args[i - 1]!)) return '***';
    return maskUrlsIn(arg);
  });
}

function isSecretFlag(flag: string): boolean {
  return !flag.includes('=') && /pass(word)?|secret|token|key|auth|credential/i.test(flag);
}
