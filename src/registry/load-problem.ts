/** Why a file could not be imported, with the cure where it is one of the usual mistakes. */
export function loadProblem(file: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const cure = cureOf(message);
  return `${file} cannot be loaded: ${message}${cure ? `${message.endsWith('.') ? '' : '.'} ${cure}` : ''}`;
}

function cureOf(message: string): string | undefined {
  const early = /^Cannot access '(\w+)' before initialization/.exec(message);
  if (early) return `Declare ${early[1]} above what names it; two files must not import each other for it.`;
  const hidden = /does not provide an export named '(\w+)'/.exec(message);
  if (hidden)
    return `Export ${hidden[1]} there; import it with \`import type\` where it is a type or an interface.`;
  return undefined;
}
