// The registry of export formats, in the order in which lists show them.
import type { Exporter } from './exporter.ts';
import { gguf } from './gguf.ts';
import { huggingFace } from './hugging-face.ts';
import { loraAdapter } from './lora-adapter.ts';

export const exporters: readonly Exporter[] = [
  loraAdapter as Exporter,
  huggingFace as Exporter,
  gguf as Exporter,
];

export function exporterById(id: string): Exporter | undefined {
  return exporters.find((exporter) => exporter.id === id);
}
