// Imported first by every script. Old Nodes must be able to parse this file and the one importing it, so that the
// answer is a sentence and not a syntax error: no top-level await, no `node:` imports, nothing newer than ES2015.
var wanted = [20, 19];
var found = process.versions.node.split('.').map(Number);

if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  console.error(
    '\n  Roost needs Node ' +
      wanted.join('.') +
      ' or newer; this is Node ' +
      process.versions.node +
      '.\n\n' +
      '    Install a current one from https://nodejs.org/ or, with nvm:  nvm install 22 && nvm use 22\n' +
      '    Then type the same command again.\n',
  );
  process.exit(1);
}

// Scripts load modules of dist/ into their own process.
process.setSourceMapsEnabled(true);
