// Writes handbook.docx: the handbook of the service team, with headings, lists and a table.

import { Document, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow, WidthType } from 'docx';
import type { company as Company, Product } from './company.ts';
import { repack } from './repack.ts';

const heading = (text: string, level: (typeof HeadingLevel)[keyof typeof HeadingLevel]): Paragraph =>
  new Paragraph({ text, heading: level });
const text = (content: string): Paragraph => new Paragraph({ text: content });
const item = (content: string): Paragraph => new Paragraph({ text: content, bullet: { level: 0 } });

const row = (cells: readonly string[]): TableRow =>
  new TableRow({ children: cells.map((cell) => new TableCell({ children: [text(cell)] })) });

/** How the team sorts what customers write; the same words as in the message table. */
const categories = [
  'Complaint: something is broken, missing or does not work.',
  'Question: the customer wants to know something.',
  'Order: the customer wants to buy.',
  'Return: the customer wants to send something back.',
  'Praise: the customer is happy and tells us.',
];

export async function makeHandbook(company: typeof Company, products: readonly Product[]): Promise<Buffer> {
  const children = [
    heading(`${company.name} service handbook`, HeadingLevel.HEADING_1),
    text(company.what),
    text(
      `${company.founder} founded the company in ${company.town} in ${company.founded}. Today it has ${company.staff}.`,
    ),
    heading('How we answer', HeadingLevel.HEADING_2),
    text('Every message gets an answer within two working days. Urgent ones get a call on the same day.'),
    text(`The phone is open from ${company.hours}. The number is ${company.phone}.`),
    heading('How we sort messages', HeadingLevel.HEADING_2),
    text('Each message gets one line: category, product, customer and urgency.'),
    ...categories.map(item),
    text(
      'Urgency is high when the customer cannot wait, low when there is no hurry, and normal in all other cases.',
    ),
    heading('Warranty and returns', HeadingLevel.HEADING_2),
    text('Customers may return a device within 30 days. After that, the warranty of the product counts.'),
    text('Water inside a device and open screws end the warranty.'),
    heading('Who is responsible', HeadingLevel.HEADING_2),
    ...products.map((p) =>
      text(`${p.person} is responsible for the ${p.name}, our ${p.kind}. It is made in ${p.city}.`),
    ),
    heading('Prices and warranties', HeadingLevel.HEADING_2),
    new Table({
      width: { size: 100, type: WidthType.PERCENTAGE },
      rows: [
        row(['Product', 'Price', 'Warranty', 'Weight']),
        ...products.map((p) => row([p.name, p.price, p.warranty, p.weight])),
      ],
    }),
  ];
  const handbook = new Document({
    title: `${company.name} service handbook`,
    creator: company.name,
    sections: [{ children }],
  });
  return repack(await Packer.toBuffer(handbook));
}
