// An icon for each cleaning step that is known; a new step gets a plain one until it has its own.
import {
  type Icon,
  IconCode,
  IconCopy,
  IconCopyCheck,
  IconLanguage,
  IconLetterCase,
  IconPageBreak,
  IconRulerMeasure,
  IconShield,
  IconSpacingHorizontal,
  IconUserShield,
} from '@tabler/icons-react';

export const stepIcons: Record<string, Icon | undefined> = {
  unicode: IconLetterCase,
  whitespace: IconSpacingHorizontal,
  markup: IconCode,
  boilerplate: IconPageBreak,
  language: IconLanguage,
  length: IconRulerMeasure,
  'exact-duplicates': IconCopy,
  'near-duplicates': IconCopyCheck,
  'personal-data': IconUserShield,
  'harmful-content': IconShield,
};
