import { startAnnouncing } from './announcing.js';
import { startClock } from './clock.js';
import { startCopying } from './copying.js';
import { startCrosshair } from './crosshair.js';
import { startForms } from './forms.js';
import { startHolding } from './holding.js';
import { startKeys } from './keys.js';
import { startLive } from './live.js';
import { releaseParts } from './morphing.js';
import { startSuggesting } from './suggesting.js';
import { startThemeButton } from './theme-button.js';
import { startTicking } from './ticking.js';
import { startWholeText } from './whole-text.js';

// Browsers without `scroll-initial-target` would cut off the current tab on a phone.
// `scrollIntoView` would also move the place from which Tab goes on.
const tabs = document.querySelector('.topbar nav');
const tab = tabs?.querySelector('[aria-current]');
if (tab) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
startClock();
startThemeButton();
startCopying();
startForms();
startTicking();
startSuggesting();
startKeys();
startCrosshair();
startWholeText();
startAnnouncing();
startHolding(releaseParts);
startLive();
