/** Whether lines on standard output are coloured: NO_COLOR and FORCE_COLOR decide, else whether a person is looking. */
export function terminalHasColour(env: NodeJS.Dict<string> = process.env): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
  return process.stdout.isTTY === true;
}
