// Builds the renderer into out/renderer. Paths are relative (`base: './'`), because Electron loads a file.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: 'chrome140',
    chunkSizeWarningLimit: 1500,
  },
});
