// Writes docs/flags.md from the table of parameters. Run it after `npm run build:host`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { flagsMarkdown } from '../dist/host/server/config-docs.js';

writeFileSync(fileURLToPath(new URL('../docs/flags.md', import.meta.url)), flagsMarkdown());
