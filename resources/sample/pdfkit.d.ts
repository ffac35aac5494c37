// The part of pdfkit that write-sheets.ts uses; the package ships no types of its own.

declare module 'pdfkit' {
  import type { Readable } from 'node:stream';

  interface Options {
    size: string;
    margin: number;
    info: { Title: string; Author: string; CreationDate: Date; ModDate: Date };
  }

  class PDFDocument extends Readable {
    constructor(options: Options);
    addPage(): this;
    font(name: string): this;
    fontSize(points: number): this;
    text(content: string): this;
    moveDown(lines: number): this;
    end(): void;
  }

  export default PDFDocument;
}
