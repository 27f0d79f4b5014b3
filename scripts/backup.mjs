// `npm run backup`: a copy of the history while Roost runs. The work is in backup-command.mjs.
import './node-version.mjs';

import('./backup-command.mjs').then(function (backup) {
  backup.main(process.argv.slice(2));
});
