import type { Warning } from '../../monitoring/monitoring.openapi.js';

/** Warning at the top of a page. A command in its cure can be copied. */
export interface Banner {
  id: string;
  message: string;
  cure: string;
  command?: string;
  href?: string;
}

export function toBanner(warning: Warning, index: number): Banner {
  const command = toCommand(warning);
  return {
    id: `warning-${index}`,
    message: warning.message,
    cure: command ? warning.cure.slice(0, -command.length).trim() : warning.cure,
    command,
    href: warning.href,
  };
}

/** Returns the command at the end of a cure such as `Start one: npm run start:worker`. */
export function toCommand(warning: Warning | undefined): string | undefined {
  return /^Start one: (.+)$/.exec(warning?.cure ?? '')?.[1];
}
