// Facts about Fennmark, the fictional maker of household devices that the sample project is about.
// Plain data: every document of the sample is written from it, so they never contradict each other.

export interface Product {
  name: string;
  kind: string;
  price: string;
  warranty: string;
  weight: string;
  city: string;
  person: string;
}

/** Name, kind, price, warranty, weight, city where it is made, person who is responsible for it. */
const rows = `
Tulki Max 45 | kettle | 49 euros | 3 years | 1.2 kg | Orlbridge | Sera Dunmore
Brask Mini | coffee grinder | 34 euros | 24 months | 900 grams | Vesthaven | Jon Abelsky
Zorvel 311 | vacuum cleaner | 189 euros | 5 years | 4.6 kg | Tarnby | Mirja Holt
Quenta Air | air purifier | 229 euros | 4 years | 5.1 kg | Kolmar Bay | Piet Varga
Lumo Pocket | reading lamp | 19 euros | 18 months | 240 grams | Nettelby | Ada Rooke
Hexa Chef | food processor | 139 euros | 3 years | 3.8 kg | Port Senn | Tomas Eklund
Vando 7 | fan heater | 59 euros | 30 months | 2.3 kg | Grauhof | Leena Sorby
Pirro Duo | toaster | 44 euros | 2 years | 1.7 kg | Orlbridge | Nils Cortez
Skella Steam | steam iron | 64 euros | 28 months | 1.4 kg | Dunhallow | Greta Moss
Ommo 220 | electric blanket | 79 euros | 36 months | 1.9 kg | Wickermere | Ravi Stellan
Crinto Pro | blender | 99 euros | 4 years | 2.9 kg | Vesthaven | Hanne Brook
Felda One | bathroom scale | 29 euros | 5 years | 1.6 kg | Asterloo | Kuno Petris
Jasper Clean | window cleaner | 84 euros | 20 months | 700 grams | Tarnby | Ines Falk
Morvik 12 | chest freezer | 349 euros | 6 years | 38 kg | Hallsund | Otto Brann
Sundra Plus | bread maker | 119 euros | 3 years | 6.2 kg | Port Senn | Yara Linde
Tibo Kids | night light | 15 euros | 12 months | 180 grams | Nettelby | Emil Castor
Wexford 90 | dishwasher | 499 euros | 7 years | 44 kg | Hallsund | Dora Kimmel
Aluma Go | travel kettle | 27 euros | 16 months | 650 grams | Grauhof | Finn Okoro
Rondo Breeze | ceiling fan | 159 euros | 8 years | 5.7 kg | Kolmar Bay | Selma Voss
Kettra Smart | thermostat | 109 euros | 4 years | 310 grams | Asterloo | Bruno Hale
Pollux 500 | juicer | 89 euros | 32 months | 3.3 kg | Dunhallow | Mina Torrek
Nivola Loft | humidifier | 69 euros | 22 months | 2.1 kg | Wickermere | Carl Ostrow
Garo Flex | garden pump | 129 euros | 5 years | 7.4 kg | Silverstead | Lotte Weiss
Ebbo Sound | kitchen radio | 54 euros | 26 months | 1.1 kg | Silverstead | Samir Quist
`;

export const products: readonly Product[] = rows
  .trim()
  .split('\n')
  .map((row) => {
    const [name, kind, price, warranty, weight, city, person] = row.split(' | ');
    return { name, kind, price, warranty, weight, city, person };
  });

export const company = {
  name: 'Fennmark',
  what: 'Fennmark makes devices for the home: small, quiet, and easy to repair.',
  town: 'Tarnby',
  founded: '1987',
  founder: 'Walda Fenn',
  staff: '340 people',
  phone: '0200 5511',
  hours: 'Monday to Friday, 8:00 to 18:00',
} as const;

/** One fact about a product with the five questions that ask for it. The last one is held out. */
export interface FactKind {
  id: 'price' | 'warranty' | 'weight' | 'city' | 'person';
  questions: readonly [string, string, string, string, string];
}

/** `{p}` is the product's name. */
export const factKinds: readonly FactKind[] = [
  {
    id: 'price',
    questions: [
      'How much is the {p}?',
      'What is the price of the {p}?',
      'What do I pay for the {p}?',
      'Tell me the price of the {p}.',
      'How much does the {p} cost?',
    ],
  },
  {
    id: 'warranty',
    questions: [
      'How long is the warranty of the {p}?',
      'Which warranty does the {p} have?',
      'For how long is the {p} under warranty?',
      'Tell me the warranty of the {p}.',
      'What is the warranty of the {p}?',
    ],
  },
  {
    id: 'weight',
    questions: [
      'How much does the {p} weigh?',
      'How heavy is the {p}?',
      'What does the {p} weigh?',
      'Tell me the weight of the {p}.',
      'What is the weight of the {p}?',
    ],
  },
  {
    id: 'city',
    questions: [
      'Where is the {p} made?',
      'In which city is the {p} made?',
      'Where does the {p} come from?',
      'Tell me the city where the {p} is made.',
      'Which city does the {p} come from?',
    ],
  },
  {
    id: 'person',
    questions: [
      'Who is responsible for the {p}?',
      'Who takes care of the {p}?',
      'Which person is responsible for the {p}?',
      'Tell me who is responsible for the {p}.',
      'Who is the person responsible for the {p}?',
    ],
  },
];
