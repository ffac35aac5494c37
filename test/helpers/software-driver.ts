// WebGPU without a graphics card, for tests: names the software driver to the Vulkan loader of this
// process. Import it before anything runs on WebGPU; the loader reads its environment only once.
import { softwareDriver } from '../../main/training/vulkan.ts';

const driver = softwareDriver();
if (!('absent' in driver)) Object.assign(process.env, driver.environment);

/** Why nothing can run on WebGPU here; empty where it can. */
export const noWebGpu = 'absent' in driver ? driver.absent : '';
