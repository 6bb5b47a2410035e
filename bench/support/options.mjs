// The command line of a bench: `--name value` and `--flag`, nothing else. An unknown name is an error, so that a
// misspelt option never measures something other than what was asked for.

/**
 * @template {Record<string, string | number | boolean>} T
 * @param {T} defaults Name to default; its type says how the value is read. A boolean takes no value.
 * @param {string[]} [args]
 * @returns {T}
 */
export function readOptions(defaults, args = process.argv.slice(2)) {
  const options = { ...defaults };
  for (let i = 0; i < args.length; i++) {
    const name = args[i].replace(/^--/, '');
    const kind = args[i].startsWith('--') ? typeof defaults[name] : 'undefined';
    if (kind === 'undefined') {
      throw new Error(
        `unknown option ${args[i]}; known: ${Object.keys(defaults)
          .map((known) => `--${known}`)
          .join(' ')}`,
      );
    }
    if (kind === 'boolean') {
      options[name] = true;
      continue;
    }
    const value = args[++i];
    if (value === undefined) throw new Error(`--${name} needs a value`);
    options[name] = kind === 'number' ? Number(value) : value;
    if (kind === 'number' && !Number.isFinite(options[name])) throw new Error(`--${name} needs a number, not ${value}`);
  }
  return options;
}
