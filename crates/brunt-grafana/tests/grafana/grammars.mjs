// Queries against the grammars of the editors of Grafana and Prometheus. Takes the folder in which the
// packages are installed, reads a JSON array of [language, query], prints those that are not of their language.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.argv[2]}/package.json`);
const parsers = {
  promql: require('@prometheus-io/lezer-promql').parser,
  logql: require('@grafana/lezer-logql').parser,
  traceql: require('@grafana/lezer-traceql').parser,
};
for (const [language, query] of JSON.parse(readFileSync(0, 'utf8'))) {
  let wrong;
  // The grammars recover from whatever they don't understand, and mark it in the tree.
  parsers[language].parse(query).iterate({ enter: (node) => { if (node.type.isError) wrong ??= node.from; } });
  if (wrong !== undefined) console.log(`${language}, at ${wrong}: ${query}`);
}
