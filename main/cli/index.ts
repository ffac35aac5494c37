// The registry of commands, in the order of the journey.
import type { Command } from './command.ts';
import { datasetCommands } from './dataset.ts';
import { deviceCommands } from './device.ts';
import { documentCommands } from './documents.ts';
import { evaluateCommands } from './evaluate.ts';
import { exportCommands } from './export.ts';
import { generateCommands } from './generate.ts';
import { modelCommands } from './model.ts';
import { projectCommands } from './project.ts';
import { runCommands } from './run.ts';

export const commands: readonly Command[] = [
  ...projectCommands,
  ...documentCommands,
  ...datasetCommands,
  ...modelCommands,
  ...deviceCommands,
  ...runCommands,
  ...evaluateCommands,
  ...generateCommands,
  ...exportCommands,
];
