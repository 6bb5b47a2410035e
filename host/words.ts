// Lines of words and quotes, as Redis has them in redis.conf and in the manifest of an append-only directory.

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/**
 * Cuts a line into words as Redis does: "…" with \n \r \t \b \a \xHH and \" inside, '…' with \' inside, and words of
 * anything else; a closing quote must be followed by a space or the end.
 * @returns undefined if quotes are out of balance.
 */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let i = 0;
  while (i < line.length) {
    if (/\s/.test(line[i])) {
      i++;
      continue;
    }
    let word = '';
    while (i < line.length && !/\s/.test(line[i])) {
      const quote = line[i];
      if (quote !== '"' && quote !== "'") {
        word += line[i++];
        continue;
      }
      const piece = quoted(line, i + 1, quote);
      if (piece === undefined) return undefined;
      word += piece.text;
      i = piece.end;
      if (i < line.length && !/\s/.test(line[i])) return undefined;
    }
    words.push(word);
  }
  return words;
}

/** What stands between quotes from `from` on, and the index behind the closing one. */
function quoted(line: string, from: number, quote: string): { text: string; end: number } | undefined {
  let text = '';
  for (let i = from; i < line.length; i++) {
    if (line[i] === quote) return { text, end: i + 1 };
    if (line[i] !== '\\' || i + 1 === line.length) text += line[i];
    else if (quote === "'") {
      if (line[i + 1] === "'") i++;
      text += line[i];
    } else if (/^x[0-9a-f]{2}/i.test(line.slice(i + 1, i + 4))) {
      text += String.fromCharCode(Number.parseInt(line.slice(i + 2, i + 4), 16));
      i += 3;
    } else {
      i++;
      text += ESCAPES[line[i]] ?? line[i];
    }
  }
  return undefined;
}
