// Every page of the official account on a phone.
import { everyPage } from './lib/every_page.mjs';

everyPage([
  { tag: 'phone', patient: 2, base: '/h5', size: 'phone', least: 44 },
  { tag: 'phone-large', patient: 5, base: '/h5', size: 'phone', least: 44, large: true, user: 1 },
]);
