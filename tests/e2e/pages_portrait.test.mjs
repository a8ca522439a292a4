// Every page of the kiosk on a screen that stands.
import { everyPage } from './lib/every_page.mjs';

everyPage([
  { tag: 'kiosk-portrait', patient: 1, base: '/k', size: 'portrait', least: 96 },
  { tag: 'kiosk-portrait-large', patient: 4, base: '/k', size: 'portrait', least: 120, large: true },
]);
