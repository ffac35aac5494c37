// Writes product-sheets.pdf: one page a product, each a heading and a few sentences.

import { buffer } from 'node:stream/consumers';
import PDFDocument from 'pdfkit';
import type { company as Company, Product } from './company.ts';

const fixedDate = new Date('2024-07-01T12:00:00Z');

export async function makeProductSheets(
  company: typeof Company,
  products: readonly Product[],
): Promise<Buffer> {
  const pdf = new PDFDocument({
    size: 'A5',
    margin: 48,
    info: {
      Title: `${company.name} product sheets`,
      Author: company.name,
      CreationDate: fixedDate,
      ModDate: fixedDate,
    },
  });
  const bytes = buffer(pdf);
  products.forEach((p, i) => {
    if (i > 0) pdf.addPage();
    pdf.font('Helvetica-Bold').fontSize(18).text(p.name);
    pdf.moveDown(0.5).font('Helvetica').fontSize(11);
    pdf.text(`The ${p.name} is the ${p.kind} from ${company.name}.`).moveDown(0.5);
    pdf.text(`It costs ${p.price} and weighs ${p.weight}. The warranty is ${p.warranty}.`).moveDown(0.5);
    pdf.text(`It is made in ${p.city}. ${p.person} is responsible for it.`).moveDown(0.5);
    pdf.text(`Questions? Call ${company.phone}, ${company.hours}.`);
  });
  pdf.end();
  return bytes;
}
