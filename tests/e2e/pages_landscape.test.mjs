// Every page of the kiosk on a screen that lies.
import { everyPage } from './lib/every_page.mjs';

everyPage([
  { tag: 'kiosk-landscape', patient: 0, base: '/k', size: 'landscape', least: 96 },
  { tag: 'kiosk-landscape-large', patient: 3, base: '/k', size: 'landscape', least: 120, large: true },
  { tag: 'kiosk-landscape-contrast', patient: 6, base: '/k', size: 'landscape', least: 96, contrast: true },
]);
