// Builds the real screens over the fake backend into one page, for the tests that look at every state of a screen.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  build: {
    outDir: '../../../out/fake-renderer',
    emptyOutDir: true,
    target: 'chrome140',
    chunkSizeWarningLimit: 2500,
  },
  logLevel: 'warn',
});
