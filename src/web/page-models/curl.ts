/** A command line that submits the same again; quoted for a POSIX shell. */
export function toCurl(baseUrl: string, type: string, input: unknown): string {
  const body = JSON.stringify({ type, input });
  return [
    `curl -s ${quote(`${baseUrl}/api/v1/tasks`)} \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d ${quote(body)}`,
  ].join('\n');
}

/** Inside single quotes a shell reads nothing but the closing quote. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
