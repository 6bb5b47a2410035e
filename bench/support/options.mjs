// The command line of a bench: `--name value` and `--flag`, nothing else. An unknown name is an error, so that a
// misspelt option never measures something other than what was asked for.

const flagOf = (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * @template {Record<string, string | number | boolean>} T
 * @param {T} defaults Name to default; its type says how the value is read, and a boolean takes none. `timeMs` is
 *                     `--time-ms` on the command line.
 * @param {string[]} [args]
 * @returns {T}
 */
export function readOptions(defaults, args = process.argv.slice(2)) {
  const options = { ...defaults };
  const names = new Map(Object.keys(defaults).map((name) => [flagOf(name), name]));
  for (let i = 0; i < args.length; i++) {
    const name = names.get(args[i]);
    if (name === undefined) throw new Error(`unknown option ${args[i]}; known: ${[...names.keys()].join(' ')}`);
    if (typeof defaults[name] === 'boolean') {
      options[name] = true;
      continue;
    }
    const value = args[++i];
    if (value === undefined) throw new Error(`${flagOf(name)} needs a value`);
    options[name] = typeof defaults[name] === 'number' ? Number(value) : value;
    if (Number.isNaN(options[name])) throw new Error(`${flagOf(name)} needs a number, not ${value}`);
  }
  return options;
}
