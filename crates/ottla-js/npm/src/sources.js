// Where configurations come from: .properties text, the environment.

const ESCAPES = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** The pairs of `.properties` text, as Java's `Properties.load` reads it. */
export function propertiesFrom(text) {
  const config = {};
  let logical = '';
  let continued = false;
  const take = () => {
    const [, name, value] = logical.match(/^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*([^]*)$/);
    config[unescaped(name)] = unescaped(value);
    logical = '';
  };
  for (const physical of String(text).split(/\r\n|\r|\n/)) {
    const line = physical.trimStart();
    if (!continued && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    continued = /(?:^|[^\\])(?:\\\\)*\\$/.test(line);
    logical += continued ? line.slice(0, -1) : line;
    if (!continued) take();
  }
  if (logical !== '') take();
  return config;
}

const unescaped = (text) => text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, code, char) => (code ? String.fromCharCode(Number.parseInt(code, 16)) : ESCAPES[char] ?? char));

/** The properties among variables: `OTTLA_PRODUCER_LINGER_MS` is `linger.ms`. */
export function environmentFrom(variables, prefix = 'OTTLA_PRODUCER_') {
  const config = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && name.startsWith(prefix)) config[name.slice(prefix.length).toLowerCase().replaceAll('_', '.')] = value;
  }
  return config;
}
