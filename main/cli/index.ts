// The registry of commands, in the order of the journey.
import type { Command } from './command.ts';
import { datasetCommands } from './dataset.ts';
import { datasetReadCommands } from './dataset-read.ts';
import { deviceCommands } from './device.ts';
import { documentCommands } from './documents.ts';
import { documentEditCommands } from './documents-edit.ts';
import { evaluateCommands } from './evaluate.ts';
import { evaluationCommands } from './evaluations.ts';
import { exportCommands } from './export.ts';
import { generateCommands } from './generate.ts';
import { modelCommands } from './model.ts';
import { projectCommands } from './project.ts';
import { runCommands } from './run.ts';
import { runControlCommands } from './run-control.ts';

export const commands: readonly Command[] = [
  ...projectCommands,
  ...documentCommands,
  ...documentEditCommands,
  ...datasetCommands,
  ...datasetReadCommands,
  ...modelCommands,
  ...deviceCommands,
  ...runCommands,
  ...runControlCommands,
  ...evaluateCommands,
  ...evaluationCommands,
  ...generateCommands,
  ...exportCommands,
];
