/** Converts the setting to Express's `trust proxy`: the number of proxies or their addresses. Never trusts all. */
export function toTrustProxy(setting: string): number | string[] {
  return /^\d+$/.test(setting) ? Number(setting) : setting.split(',').map((part) => part.trim());
}
