// Names of the parts of a lineage as people say them.
const labels: Record<string, string> = {
  app: 'Tunesmith',
  node: 'Node',
  onnxruntime: 'ONNX Runtime',
  dataset: 'Dataset',
  datasetHash: 'Hash of the dataset',
  model: 'Base model',
  modelFingerprint: 'Fingerprint of the model',
  device: 'Processor',
  system: 'System',
  startedFrom: 'Started from',
};

/** A part that is not known here keeps its own name. */
export function lineageLabel(name: string): string {
  return labels[name] ?? name.charAt(0).toUpperCase() + name.slice(1);
}
