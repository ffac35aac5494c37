// Personal data: replaces what can be recognised by its form, with check digits where there are some. Names
// and addresses cannot be found this way; the description says so.
import { z } from 'zod';
import { mapTexts } from '../passage.ts';
import { defineStep } from './step.ts';

export const personalData = defineStep({
  id: 'personal-data',
  label: 'Personal data',
  description:
    'Replaces e-mail addresses, phone, account and card numbers by marks. Names and addresses stay.',
  defaultEnabled: false,
  Options: z.object({
    emails: z.boolean().default(true).meta({ title: 'E-mail addresses' }),
    phones: z.boolean().default(true).meta({ title: 'Phone numbers' }),
    accounts: z.boolean().default(true).meta({ title: 'Bank accounts (IBAN)' }),
    cards: z.boolean().default(true).meta({ title: 'Card numbers' }),
    addresses: z.boolean().default(true).meta({ title: 'Internet (IP) addresses' }),
  }),
  apply(passages, options) {
    const replacers = [
      options.emails && replaceEmails,
      options.accounts && replaceAccounts,
      options.cards && replaceCards,
      options.addresses && replaceAddresses,
      options.phones && replacePhones,
    ].filter((replacer) => replacer !== false);
    return mapTexts(passages, (text) => replacers.reduce((done, replace) => replace(done), text));
  },
});

function replaceEmails(text: string): string {
  if (!text.includes('@')) return text;
  return text.replace(/[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,24}/gu, '[EMAIL]');
}

/** IBAN: country, two check digits, 11 to 30 more; the whole is 1 modulo 97 (ISO 13616). */
function replaceAccounts(text: string): string {
  return text.replace(/\b[A-Z]{2}\d{2}(?: ?[A-Z\d]){11,30}\b/g, (found) => {
    // The pattern may run on into the next word; the longest stretch that checks counts.
    for (let end = found.length; end >= 15; end--) {
      if (end < found.length && found[end] !== ' ') continue;
      if (isIban(found.slice(0, end))) return `[IBAN]${found.slice(end)}`;
    }
    return found;
  });
}

function isIban(text: string): boolean {
  const code = text.replaceAll(' ', '');
  if (code.length < 15 || code.length > 34) return false;
  let remainder = 0;
  for (const character of code.slice(4) + code.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** First digits and lengths of the large card networks. */
const cardNumber = /^(?:4(?:\d{12}|\d{15}|\d{18})|[25]\d{15}|3[47]\d{13}|3[068]\d{12}|6\d{15,18})$/;

/** Card numbers of the large networks whose Luhn sum is a multiple of 10. */
function replaceCards(text: string): string {
  return text.replace(/(?<![\d.])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d.]?\d)/g, (found) => {
    const digits = [...found.replace(/\D/g, '')].reverse().map(Number);
    const sum = digits.reduce((total, digit, at) => {
      const doubled = at % 2 === 1 ? digit * 2 : digit;
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
    return sum % 10 === 0 && cardNumber.test(found.replace(/\D/g, '')) ? '[CARD]' : found;
  });
}

function replaceAddresses(text: string): string {
  return text.replace(/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)/g, (found) =>
    found.split('.').every((part) => Number(part) < 256) ? '[IP]' : found,
  );
}

const phone = new RegExp(
  [
    /(?<![\p{L}\d./-])/u, // not inside a word, number, path or date
    /(?:\+\d{1,3}[ ./-]?)?/u, // country
    /(?:\(0?\d{1,5}\)|0\d{1,5}|\d{2,5})/u, // area
    /(?:[ ./-]?\d{2,5}){1,4}/u,
    /(?![\p{L}\d]|[.,/-]\d)/u,
  ]
    .map((part) => part.source)
    .join(''),
  'gu',
);

/**
 * Phone numbers: with "+", with a leading 0 or an area code in brackets; 7 to 15 digits with usual
 * separators.
 */
function replacePhones(text: string): string {
  return text.replace(phone, (found) => {
    const digits = found.replace(/\D/g, '');
    if (digits.length < 7 || digits.length > 15) return found;
    const isMarked = found.startsWith('+') || found.startsWith('0') || found.startsWith('(');
    const isAmerican = /^\d{3}[ .-]\d{3}[ .-]\d{4}$/.test(found);
    const isDate = /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}$/.test(found);
    return (isMarked || isAmerican) && !isDate ? '[PHONE]' : found;
  });
}
