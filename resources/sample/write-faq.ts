// Writes faq.html: frequent questions and answers, with navigation and a footer around the main content, as pages
// on the web have them.

import type { company as Company, Product } from './company.ts';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const general = (company: typeof Company): readonly (readonly [string, string])[] => [
  ['How do I reach the service team?', `Call ${company.phone}. We are there from ${company.hours}.`],
  [
    'Can I return a device?',
    'Yes, within 30 days, in its box and with the receipt. You get your money back in a week.',
  ],
  [
    'Who pays for sending a broken device?',
    'During the warranty we do. Ask for a label and put it on the box.',
  ],
  [
    'Do you repair old devices?',
    'Yes. We keep spare parts for ten years after a device leaves the catalogue.',
  ],
  [
    'How do I clean the filter?',
    'Take it out, wash it with warm water, and let it dry for a day before use.',
  ],
  ['Can I pick up my order?', `Yes, at our shop in ${company.town}. We write to you when it is ready.`],
];

export function makeFaq(company: typeof Company, products: readonly Product[]): string {
  const entries = [
    ...general(company),
    ...products.map((p): readonly [string, string] => [
      `What should I know about the ${p.name}?`,
      `The ${p.name} is our ${p.kind}. It costs ${p.price} and has a warranty of ${p.warranty}.`,
    ]),
  ];
  const list = entries.map(([q, a]) => `      <h2>${escaped(q)}</h2>\n      <p>${escaped(a)}</p>`).join('\n');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Questions and answers - ${company.name}</title>
  </head>
  <body>
    <nav><a href="/">Home</a> <a href="/shop">Shop</a> <a href="/faq">Questions</a> <a href="/contact">Contact</a></nav>
    <main>
      <h1>Questions and answers</h1>
      <p>${escaped(company.what)}</p>
${list}
    </main>
    <footer>${company.name}, ${company.town}. Prices include tax.</footer>
  </body>
</html>
`;
}
