/** Whether to colour standard output: NO_COLOR and FORCE_COLOR decide, otherwise whether it is a terminal. */
export function terminalHasColour(env: NodeJS.Dict<string> = process.env): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
  return process.stdout.isTTY === true;
}
