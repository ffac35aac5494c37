// CUDA libraries in made-up computers: every place where they can lie, other versions, and the sentence for each lack.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  cudaAdvice,
  cudaEnvironment,
  findCuda,
  missingPackages,
} from '../../../main/training/cuda-libraries.ts';
import {
  cudaPackages,
  libraryNeeds,
  packageFolderName,
  providerFiles,
  providerVersion,
} from '../../../main/training/cuda-packages.ts';
import { type CudaSearch, searchHere } from '../../../main/training/cuda-places.ts';
import { sharedLibrary } from '../../helpers/shared-library.ts';

const onWindows = process.platform === 'win32'; // which has other paths, needs a right for links, and has no CUDA here
let root: string;
let search: CudaSearch;
const toolkit = ['libcudart.so.13', 'libcublas.so.13', 'libcublasLt.so.13', 'libcurand.so.10'];
const optional = ['libnvrtc.so.13', 'libcudnn.so.9'];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tunesmith-cuda-'));
  search = {
    platform: 'linux',
    arch: 'x64',
    env: {},
    userHome: `${root}/home/mia`,
    root,
    ownFolder: `${root}/home/mia/.tunesmith/cuda/1.30.0`,
    runtimeFolder: `${root}/app/onnxruntime`,
    loaderCache: () => '',
  };
  write('/app/onnxruntime', ['libonnxruntime.so.1']);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(folder: string, files: readonly string[], content: string | Buffer = 'library'): string {
  mkdirSync(root + folder, { recursive: true });
  for (const file of files) writeFileSync(join(root + folder, file), content);
  return root + folder;
}

/** A library with its version, and the name that the loader asks for as a link to it. */
function writeVersion(folder: string, file: string, link: string): void {
  write(folder, [file]);
  symlinkSync(file, join(root + folder, link));
}

const driver = (version = '580.82.07') =>
  writeVersion('/usr/lib/x86_64-linux-gnu', `libcuda.so.${version}`, 'libcuda.so.1');
const provider = () => write('/app/onnxruntime', providerFiles);
const stateOf = (file: string) => findCuda(search).libraries.find((one) => one.file === file);
const advice = (system = '') => cudaAdvice(findCuda(search), system);

describe.skipIf(onWindows)('a library is found', () => {
  const places: [string, string, (folder: string) => void][] = [
    ['fetched by Tunesmith', '/home/mia/.tunesmith/cuda/1.30.0/nvidia-cublas-13.1.1.3', () => {}],
    ['LD_LIBRARY_PATH', '/opt/mine', (folder) => (search.env.LD_LIBRARY_PATH = `/nowhere:${folder}`)],
    ['CUDA_PATH', '/opt/cuda-13.0/lib64', (folder) => (search.env.CUDA_PATH = dirname(folder))],
    [
      'CUDA_HOME',
      '/opt/toolkit/targets/x86_64-linux/lib',
      () => (search.env.CUDA_HOME = `${root}/opt/toolkit`),
    ],
    ['CUDNN_PATH', '/opt/cudnn/lib', (folder) => (search.env.CUDNN_PATH = dirname(folder))],
    [
      'the loader of the system',
      '/opt/in the cache',
      () =>
        (search.loaderCache = () =>
          `1 libs found\n\tlibcublas.so.13 (libc6,x86-64) => /opt/in the cache/libcublas.so.13\n`),
    ],
    ['the folders of the system', '/usr/lib64', () => {}],
    ['CUDA toolkit', '/usr/local/cuda-13.0/lib64', () => {}],
    ['CUDA toolkit', '/usr/local/cuda/targets/x86_64-linux/lib', () => {}],
    ['CUDA toolkit', '/opt/cuda/lib64', () => {}],
    [
      'pip',
      '/venv/lib/python3.12/site-packages/nvidia/cu13/lib',
      () => (search.env.VIRTUAL_ENV = `${root}/venv`),
    ],
    ['pip', '/home/mia/.local/lib/python3.11/site-packages/nvidia/cublas/lib', () => {}],
    ['pip', '/usr/local/lib/python3.13/dist-packages/nvidia/cu13/lib', () => {}],
    ['conda', '/conda/envs/me/lib', (folder) => (search.env.CONDA_PREFIX = dirname(folder))],
    [
      'pip',
      '/conda/lib/python3.12/site-packages/nvidia/cu13/lib',
      () => (search.env.CONDA_PREFIX = `${root}/conda`),
    ],
  ];
  test.each(places)('by %s in %s', (name, folder, prepare) => {
    write(folder, ['libcublas.so.13']);
    prepare(root + folder);
    expect(stateOf('libcublas.so.13')).toMatchObject({ state: 'found', folder: root + folder, place: name });
    expect(stateOf('libcublasLt.so.13')).toMatchObject({ state: 'missing', folder: null });
  });

  test('with the version that its file tells, or else the one of its name', () => {
    writeVersion('/usr/local/cuda/lib64', 'libcudart.so.13.0.96', 'libcudart.so.13');
    write('/usr/local/cuda/lib64', ['libcublas.so.13']);
    expect(stateOf('libcudart.so.13')?.version).toBe('13.0.96');
    expect(stateOf('libcublas.so.13')?.version).toBe('13');
    write('/home/mia/.tunesmith/cuda/1.30.0/nvidia-cublas-13.1.1.3', ['libcublas.so.13']);
    expect(stateOf('libcublas.so.13')?.version).toBe('13.1.1.3');
  });

  test('in the newest toolkit first, and by what was fetched before any other', () => {
    for (const version of ['13.0', '13.10', '13.2'])
      write(`/usr/local/cuda-${version}/lib64`, ['libcudart.so.13']);
    expect(stateOf('libcudart.so.13')?.folder).toBe(`${root}/usr/local/cuda-13.10/lib64`);
    const own = write('/home/mia/.tunesmith/cuda/1.30.0/nvidia-cuda-runtime-13.0.96', ['libcudart.so.13']);
    expect(stateOf('libcudart.so.13')?.folder).toBe(own);
  });

  test('only where it can be read: not by a link to nowhere, and not in a folder that is being unpacked', () => {
    mkdirSync(`${root}/usr/lib64`, { recursive: true });
    symlinkSync('libcudart.so.13.0.96', `${root}/usr/lib64/libcudart.so.13`);
    write('/home/mia/.tunesmith/cuda/1.30.0/nvidia-curand-10.4.0.35.part', ['libcurand.so.10']);
    expect(stateOf('libcudart.so.13')?.state).toBe('missing');
    expect(stateOf('libcurand.so.10')?.state).toBe('missing');
  });

  test('not where a folder of pip holds cuDNN for another CUDA', () => {
    const packages = '/home/mia/.local/lib/python3.12/site-packages';
    const folder = write(`${packages}/nvidia/cudnn/lib`, ['libcudnn.so.9']);
    mkdirSync(`${root}${packages}/nvidia_cudnn_cu12-9.10.2.21.dist-info`);
    expect(stateOf('libcudnn.so.9')?.state).toBe('missing');
    mkdirSync(`${root}${packages}/nvidia_cudnn_cu13-9.20.0.48.dist-info`);
    expect(stateOf('libcudnn.so.9')).toMatchObject({ state: 'found', folder });
  });
});

describe('what is needed', () => {
  test('is what the provider asks for by itself, where it is here', () => {
    provider();
    write(
      '/app/onnxruntime',
      ['libonnxruntime_providers_cuda.so'],
      sharedLibrary(['libcudart.so.12', 'libcufft.so.11', 'libcuda.so.1', 'libc.so.6']),
    );
    const files = findCuda(search)
      .libraries.filter(({ needed }) => needed)
      .map(({ file }) => file);
    expect(files).toEqual([...providerFiles, 'libcudart.so.12', 'libcufft.so.11']);
  });

  test('is the table of this version where the provider is not here', () => {
    const found = findCuda(search).libraries.map(({ file, needed }) => [file, needed]);
    expect(found.slice(2)).toEqual(libraryNeeds.map(({ file, needed }) => [file, needed]));
  });

  test('the table is for the ONNX Runtime that is installed', () => {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    expect(JSON.parse(readFileSync(entry, 'utf8')).version).toBe(providerVersion);
  });

  test('every library of the table comes in exactly one package, with a checksum that can be one', () => {
    const files = [...providerFiles, ...libraryNeeds.map(({ file }) => file)];
    for (const file of files) expect(cudaPackages.filter((one) => one.files.includes(file))).toHaveLength(1);
    for (const { source, name } of cudaPackages)
      if (source.kind === 'pypi') {
        expect([name, source.sha256]).toEqual([name, expect.stringMatching(/^[0-9a-f]{64}$/)]);
        expect(source.path).toContain(name.replaceAll('-', '_'));
      }
  });

  test('libraries and licences of a package are kept, and nothing else of it', () => {
    const kept = (name: string, entry: string) =>
      cudaPackages.find((one) => one.name === name)?.keeps.test(entry);
    expect(kept('nvidia-cublas', 'nvidia/cu13/lib/libcublasLt.so.13')).toBe(true);
    expect(kept('nvidia-cuda-nvrtc', 'nvidia/cu13/lib/libnvrtc-builtins.so.13.0')).toBe(true);
    expect(kept('nvidia-cudnn-cu13', 'nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9')).toBe(true);
    expect(kept('nvidia-cublas', 'nvidia_cublas-13.1.1.3.dist-info/licenses/License.txt')).toBe(true);
    expect(kept('nvidia-cublas', 'nvidia/cu13/include/cublas.h')).toBe(false);
    expect(kept('nvidia-cublas', '../nvidia/cu13/lib/libcublas.so.13')).toBe(false);
    const native = 'runtimes/linux-x64/native';
    expect(kept('Microsoft.ML.OnnxRuntime.Gpu.Linux', `${native}/libonnxruntime_providers_cuda.so`)).toBe(
      true,
    );
    expect(kept('Microsoft.ML.OnnxRuntime.Gpu.Linux', `${native}/libonnxruntime_providers_tensorrt.so`)).toBe(
      false,
    );
  });
});

describe.skipIf(onWindows)('one sentence', () => {
  test('names the driver where there is none, or an old one', () => {
    expect(advice()).toMatchObject({
      message: 'No NVIDIA driver was found (libcuda.so.1).',
      remedy: expect.stringContaining('driver 580'),
    });
    driver('550.90.07');
    expect(advice()?.message).toBe('The NVIDIA driver is 550.90.07, and CUDA 13 needs 580 or newer.');
    expect(findCuda(search).complete).toBe(false);
  });

  test('takes the version of a driver whose file tells none from the kernel', () => {
    writeVersion('/usr/lib/wsl/lib', 'libcuda.so.1.1', 'libcuda.so.1');
    expect(findCuda(search).driver).toEqual({ version: null, enough: true });
    write(
      '/proc/driver/nvidia',
      ['version'],
      'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12\n',
    );
    expect(findCuda(search).driver).toEqual({ version: '535.183.01', enough: false });
  });

  test('names what to install, as the system at hand calls it', () => {
    driver();
    provider();
    const ubuntu = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n';
    expect(advice(ubuntu)).toEqual({
      message: 'CUDA 13 is missing.',
      remedy: 'Install the package cuda-libraries-13-0 of NVIDIA, or get it under Settings, Devices.',
      install: 'the package cuda-libraries-13-0 of NVIDIA',
    });
    expect(advice('ID=arch\n')?.install).toBe('the package cuda');
    expect(advice('ID=nixos\n')?.install).toBe('CUDA 13');
  });

  test('names the libraries where only some are missing, and the version that is there instead', () => {
    driver();
    provider();
    write(
      '/usr/lib64',
      toolkit.filter((file) => file !== 'libcublas.so.13'),
    );
    writeVersion('/usr/local/cuda-12.4/lib64', 'libcublas.so.12.4.5', 'libcublas.so.12');
    expect(advice()?.message).toBe(
      `libcublas.so.13 of CUDA 13 is missing (${root}/usr/local/cuda-12.4/lib64 has libcublas of version 12.4.5).`,
    );
    expect(stateOf('libcublas.so.13')).toMatchObject({ state: 'other-version', version: '12.4.5' });
  });

  test('names the provider, which no system has, and the rest', () => {
    driver();
    expect(advice('ID=debian\n')).toMatchObject({
      message: 'The CUDA part of ONNX Runtime 1.30.0 and CUDA 13 are missing.',
      remedy:
        'Get all of it under Settings, Devices, or install the package cuda-libraries-13-0 of NVIDIA and get the rest there.',
    });
    write('/usr/lib64', toolkit);
    expect(advice()).toMatchObject({
      message: 'The CUDA part of ONNX Runtime 1.30.0 is missing.',
      remedy: 'Get it under Settings, Devices.',
    });
  });

  test('says nothing where nothing is missing, also without the libraries that few operations need', () => {
    driver();
    provider();
    write('/usr/lib64', toolkit);
    expect(advice()).toBeNull();
    expect(missingPackages(findCuda(search)).map(({ name }) => name)).toEqual([
      'nvidia-cuda-nvrtc',
      'nvidia-cudnn-cu13',
    ]);
  });

  test('says why other systems have no CUDA', () => {
    search.platform = 'win32';
    expect(advice()?.message).toContain('DirectML');
    search.platform = 'darwin';
    expect(advice()?.message).toBe('There is no CUDA build of ONNX Runtime for this system.');
  });
});

describe.skipIf(onWindows)('the environment of an engine', () => {
  const own = (name: string) => {
    const found = cudaPackages.find((one) => one.name === name);
    return `/home/mia/.tunesmith/cuda/1.30.0/${found && packageFolderName(found)}`;
  };
  const fetched = () => {
    driver();
    for (const one of cudaPackages) write(own(one.name), one.files);
    write(own('Microsoft.ML.OnnxRuntime.Gpu.Linux'), ['libonnxruntime.so.1']);
  };

  test('names the fetched folders, the provider first, before what was set', () => {
    fetched();
    const { LD_LIBRARY_PATH } = cudaEnvironment(findCuda(search), { LD_LIBRARY_PATH: '/mine:/mine' });
    const folders = LD_LIBRARY_PATH?.split(':') ?? [];
    expect(folders[0]).toBe(root + own('Microsoft.ML.OnnxRuntime.Gpu.Linux'));
    expect(folders).toContain(root + own('nvidia-cudnn-cu13'));
    expect(folders.at(-1)).toBe('/mine');
    expect(folders).toHaveLength(new Set(folders).size);
  });

  test('is left alone where something is missing, or the loader finds all of it by itself', () => {
    expect(cudaEnvironment(findCuda(search), {})).toEqual({});
    driver();
    provider();
    write('/usr/lib64', [...toolkit, ...optional]);
    expect(cudaEnvironment(findCuda(search), {})).toEqual({});
  });

  test('names no provider that was made for another ONNX Runtime', () => {
    fetched();
    write(own('Microsoft.ML.OnnxRuntime.Gpu.Linux'), ['libonnxruntime.so.1'], 'another library');
    expect(findCuda(search).complete).toBe(false);
    expect(missingPackages(findCuda(search)).map(({ name }) => name)).toEqual([
      'Microsoft.ML.OnnxRuntime.Gpu.Linux',
    ]);
  });
});

test('this computer can be searched', () => {
  const found = findCuda(searchHere(null));
  expect(found.unsupported === null).toBe(process.platform === 'linux' && process.arch === 'x64');
});
