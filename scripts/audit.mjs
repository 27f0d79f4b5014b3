// `npm run audit`: verifies that the audit is unchanged, and exports it. The work is in audit-command.mjs.
import './node-version.mjs';

import('./audit-command.mjs').then(function (audit) {
  audit.main(process.argv.slice(2));
});
