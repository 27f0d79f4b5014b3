import { startClock } from './clock.js';
import { startCopying } from './copying.js';
import { startForms } from './forms.js';
import { startKeys } from './keys.js';
import { startLive } from './live.js';
import { startSuggesting } from './suggesting.js';
import { startThemeButton } from './theme-button.js';
import { startTicking } from './ticking.js';

startClock();
startThemeButton();
startCopying();
startForms();
startTicking();
startSuggesting();
startKeys();
startLive();
