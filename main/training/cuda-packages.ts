// What the CUDA provider of ONNX Runtime needs beside the driver of the card, and the published package that each part
// comes in. Opens no file and no connection.
//
// Where the facts come from: onnxruntime-node's own install script names the NuGet package. The libraries are those that
// the provider of 1.30.0 lists as needed; it is built with CUDA 13.0 since 1.27. cuDNN is opened only by an operation
// that wants it (https://github.com/microsoft/onnxruntime/pull/29252), cuFFT by operations that no program here has
// (pull/29808). The wheels are the CUDA 13.0 set that PyTorch pins; their checksums are those of PyPI.

/** Version of onnxruntime that the table is for. */
export const providerVersion = '1.30.0';
export const cudaMajor = 13;
/** First driver of CUDA 13 (https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/). */
export const minimumDriver = 580;

/** Must lie beside the library of ONNX Runtime itself: it is looked for there and nowhere else. */
export const providerFiles = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;
/** The library of ONNX Runtime, as the binding asks for it. */
export const runtimeFile = 'libonnxruntime.so.1';

export interface LibraryNeed {
  /** As the loader asks for it. */
  file: string;
  /** What people call what it belongs to. */
  part: string;
  /** False where it is opened only by some operations. */
  needed: boolean;
}

export const libraryNeeds: readonly LibraryNeed[] = [
  { file: 'libcudart.so.13', part: 'CUDA 13', needed: true },
  { file: 'libcublas.so.13', part: 'CUDA 13', needed: true },
  { file: 'libcublasLt.so.13', part: 'CUDA 13', needed: true },
  { file: 'libcurand.so.10', part: 'CUDA 13', needed: true },
  { file: 'libnvrtc.so.13', part: 'CUDA 13', needed: false },
  { file: 'libcudnn.so.9', part: 'cuDNN 9', needed: false },
];

export type PackageSource =
  /** Its address and checksum (SHA-512) stand in the index of nuget.org. */
  | { kind: 'nuget' }
  /** The place below the file host of PyPI, which never changes its content, and the checksum of it. */
  | { kind: 'pypi'; path: string; sha256: string };

export interface CudaPackage {
  name: string;
  version: string;
  /** Of the download; of a NuGet package about, as the index tells it exactly. */
  bytes: number;
  source: PackageSource;
  /** The libraries that it brings. */
  files: readonly string[];
  /** Which entries of the archive are kept: the libraries, and the texts of the licence. */
  keeps: RegExp;
  licence: string;
  licenceAddress: string;
}

const eula = {
  licence: 'NVIDIA CUDA Toolkit EULA',
  licenceAddress: 'https://docs.nvidia.com/cuda/eula/index.html',
};
const wheelKeeps =
  /^(?:nvidia\/[\w.-]+\/lib\/lib[\w.+-]+\.so(?:\.[\d.]+)?|[\w.-]+\.dist-info\/(?:licenses\/)?licen[cs]e[\w.-]*)$/i;

export const cudaPackages: readonly CudaPackage[] = [
  {
    name: 'nvidia-cuda-runtime',
    version: '13.0.96',
    bytes: 2_243_632,
    source: {
      kind: 'pypi',
      path: '2e/24/d1558f3b68b1d26e706813b1d10aa1d785e4698c425af8db8edc3dced472/nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    },
    files: ['libcudart.so.13'],
    keeps: wheelKeeps,
    ...eula,
  },
  {
    name: 'nvidia-curand',
    version: '10.4.0.35',
    bytes: 59_544_258,
    source: {
      kind: 'pypi',
      path: 'a5/9f/be0a41ca4a4917abf5cb9ae0daff1a6060cc5de950aec0396de9f3b52bc5/nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl',
      sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
    },
    files: ['libcurand.so.10'],
    keeps: wheelKeeps,
    ...eula,
  },
  {
    name: 'nvidia-cuda-nvrtc',
    version: '13.0.88',
    bytes: 90_215_200,
    source: {
      kind: 'pypi',
      path: 'c3/68/483a78f5e8f31b08fb1bb671559968c0ca3a065ac7acabfc7cee55214fd6/nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
      sha256: 'ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575',
    },
    files: ['libnvrtc.so.13'],
    keeps: wheelKeeps,
    ...eula,
  },
  {
    name: 'Microsoft.ML.OnnxRuntime.Gpu.Linux',
    version: providerVersion,
    bytes: 236_000_000,
    source: { kind: 'nuget' },
    files: providerFiles,
    keeps:
      /^(?:runtimes\/linux-x64\/native\/libonnxruntime_providers_(?:cuda|shared)\.so|LICENSE(?:\.txt)?|ThirdPartyNotices\.txt)$/,
    licence: 'MIT',
    licenceAddress: 'https://github.com/microsoft/onnxruntime/blob/main/LICENSE',
  },
  {
    name: 'nvidia-cudnn-cu13',
    version: '9.20.0.48',
    bytes: 366_173_588,
    source: {
      kind: 'pypi',
      path: '6e/5e/edb9c0ae051602c3ccaffe424256463636d639e27d7f302dde9975ef9e7a/nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl',
      sha256: '0c45dd8eeb50b603f07995b1b300c62ffe6a1980482b82b3bcf94a4ca9d49304',
    },
    files: ['libcudnn.so.9'],
    keeps: wheelKeeps,
    licence: 'NVIDIA cuDNN licence',
    licenceAddress: 'https://docs.nvidia.com/deeplearning/cudnn/latest/reference/eula.html',
  },
  {
    name: 'nvidia-cublas',
    version: '13.1.1.3',
    bytes: 423_138_758,
    source: {
      kind: 'pypi',
      path: '3b/cd/154ca20c38269e05eff77c1464e6c1da89f50a6390b565e9d82e06bc11e1/nvidia_cublas-13.1.1.3-py3-none-manylinux_2_27_x86_64.whl',
      sha256: '37936a16db8fe4ac1f065c2139360608a543a09275cb1a1af612e08cfa065436',
    },
    files: ['libcublas.so.13', 'libcublasLt.so.13'],
    keeps: wheelKeeps,
    ...eula,
  },
];

/** Folder of one unpacked package, below the folder of this version. */
export const packageFolderName = ({ name, version }: CudaPackage): string => `${name}-${version}`;
