// Objects of Karpenter and of the Grafana operator against the models that are made from their Go types. Takes the
// folder in which the packages are installed, reads a JSON array, prints what is not valid.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const models = (name) =>
  import(pathToFileURL(`${process.argv[2]}/node_modules/@kubernetes-models/${name}/index.js`));
const kinds = {
  'karpenter.sh/v1': await models('karpenter/karpenter.sh/v1'),
  'karpenter.k8s.aws/v1': await models('karpenter/karpenter.k8s.aws/v1'),
  'grafana.integreatly.org/v1beta1': await models('grafana-operator/grafana.integreatly.org/v1beta1'),
};
for (const object of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    new kinds[object.apiVersion][object.kind](object).validate();
  } catch (error) {
    console.log(`${object.kind} ${object.metadata?.name}: ${error.message}`);
  }
}
