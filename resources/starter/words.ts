// The closed lists of everyday English words that the generator draws from beside its invented ones.
// Plain data, no logic.

export const firstNames = (
  'Anna Ben Clara David Ella Felix Grace Henry Ida Jack Kate Leo Mia Noah Olga Paul Rosa Sam Tina Victor Wendy ' +
  'Adam Bella Carl Diana Emil Fiona George Hannah Ivan Julia Karl Laura Max Nina Oscar Petra Robert Sara Tom'
).split(' ');

export const lastNames = (
  'Baker Carter Fisher Gardner Hill Hunter Keller Lake Miller North Potter Reed Shepherd Stone Taylor Turner ' +
  'Wagner Walker West Winter Wood Young Brown Green Gray White Black King Bell Cook'
).split(' ');

export const cities = (
  'London Paris Berlin Rome Madrid Vienna Prague Oslo Dublin Lisbon Athens Warsaw Zurich Geneva Milan Boston ' +
  'Chicago Denver Austin Seattle Toronto Sydney Tokyo Cairo Lima'
).split(' ');

export const colours = 'red blue green yellow white black grey brown orange pink purple silver'.split(' ');

export const animals =
  'dog cat horse rabbit parrot goat duck hen cow pony hamster turtle owl fox mouse bear sheep frog'.split(
    ' ',
  );

export const foods =
  'soup bread cheese rice pasta apples honey pancakes fish salad cake plums pears noodles beans porridge'.split(
    ' ',
  );

export const hobbies = (
  'swimming painting reading chess running singing dancing cooking fishing sailing climbing gardening knitting ' +
  'cycling drawing football'
).split(' ');

export const jobs = (
  'teacher nurse baker doctor farmer driver painter gardener cook pilot sailor tailor carpenter librarian ' +
  'mechanic engineer writer singer shopkeeper electrician plumber designer'
).split(' ');

export const materials = 'wood steel glass cotton wool leather paper clay stone plastic copper bamboo'.split(
  ' ',
);

export const things = (
  'lamp chair table kettle radio clock bag bottle book phone camera bicycle pen cup jacket umbrella drill ' +
  'ladder heater fan mixer printer speaker tent backpack blanket basket knife mirror ring key hat box boat kite'
).split(' ');

export const roomWords = 'garden kitchen attic cellar garage hall library office workshop barn'.split(' ');

export const outdoorPlaces =
  'forest river hill lake beach field market bridge park mountain meadow village harbour island road'.split(
    ' ',
  );

export const weekdays = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

export const months =
  'January February March April May June July August September October November December'.split(' ');

export const moods = 'happy sad tired angry proud calm afraid curious hungry sleepy lonely glad'.split(' ');

export const sizes = 'small big tiny large huge little'.split(' ');

export const qualities =
  'old new soft hard heavy light warm cold clean quiet loud smooth round strong bright simple'.split(' ');

export const relatives = 'mother father sister brother aunt uncle cousin friend neighbour grandmother'.split(
  ' ',
);

export const weathers = 'sunny rainy windy cloudy snowy foggy stormy warm cold'.split(' ');

export const numbersInWords = 'zero one two three four five six seven eight nine ten'.split(' ');
