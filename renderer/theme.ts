// The Mantine theme. It holds no value of its own: everything reads the variables of components/styles/tokens.css.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const steps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const accent = steps.map((step) => `var(--accent${step})`) as unknown as MantineColorsTuple;

/** What Mantine paints its dark scheme with, by its own roles: text, dimmed text, borders, hover, raised, ground. */
const dark: MantineColorsTuple = [
  'var(--text1)',
  'var(--text2)',
  'var(--text2)',
  'var(--text3)',
  'var(--border)',
  'var(--surface3)',
  'var(--surface1)',
  'var(--surface0)',
  'var(--surface0)',
  'var(--surface0)',
];

export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--fontMono)',
  fontSizes: {
    xs: 'var(--captionSize)',
    sm: 'var(--bodySize)',
    md: 'var(--bodySize)',
    lg: 'var(--sectionSize)',
    xl: 'var(--titleSize)',
  },
  lineHeights: { xs: '1.34', sm: '1.54', md: '1.54', lg: '1.43', xl: '1.3' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: { fontFamily: 'var(--font)', fontWeight: '650' },
  radius: { xs: '4px', sm: '4px', md: '6px', lg: '10px', xl: '10px' },
  defaultRadius: 6,
  colors: { accent, dark },
  primaryColor: 'accent',
  primaryShade: 8,
  respectReducedMotion: true,
  focusRing: 'auto',
  cursorType: 'pointer',
  components: {
    Tooltip: {
      defaultProps: {
        openDelay: 350,
        withinPortal: true,
        multiline: true,
        maw: 320,
        events: { hover: true, focus: true, touch: true },
        color: 'var(--text1)',
        transitionProps: { duration: 120 },
      },
      styles: {
        tooltip: {
          color: 'var(--surface1)',
          fontSize: 'var(--captionSize)',
          lineHeight: 'var(--captionLine)',
          padding: '6px 8px',
        },
      },
    },
    Modal: {
      defaultProps: {
        centered: true,
        radius: 10,
        padding: 16,
        transitionProps: { duration: 120 },
        overlayProps: { color: 'var(--backdrop)', backgroundOpacity: 1 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
      styles: {
        title: {
          fontSize: 'var(--sectionSize)',
          fontWeight: 'var(--weightStrong)',
          overflowWrap: 'anywhere',
        },
      },
    },
    Drawer: {
      defaultProps: {
        position: 'right',
        transitionProps: { duration: 150 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    // The placeholder for the first focus would be a child that a menu must not have.
    Menu: {
      defaultProps: {
        shadow: 'md',
        radius: 6,
        withInitialFocusPlaceholder: false,
        transitionProps: { duration: 120 },
      },
    },
    Popover: { defaultProps: { shadow: 'md', radius: 6, transitionProps: { duration: 120 } } },
    Checkbox: { defaultProps: { size: 'xs', color: 'accent' } },
    Radio: { defaultProps: { size: 'xs', color: 'accent' } },
    Switch: {
      defaultProps: { size: 'sm', color: 'accent' },
      styles: { track: { borderColor: 'var(--borderStrong)' } },
    },
    TextInput: { defaultProps: { size: 'xs' } },
    NumberInput: { defaultProps: { size: 'xs' } },
    PasswordInput: { defaultProps: { size: 'xs' } },
    Textarea: {
      defaultProps: { size: 'xs' },
      styles: { input: { borderColor: 'var(--borderStrong)', fontSize: 'var(--bodySize)' } },
    },
    Select: { defaultProps: { size: 'xs', checkIconPosition: 'right' } },
    MultiSelect: { defaultProps: { size: 'xs' } },
    Autocomplete: { defaultProps: { size: 'xs' } },
    Slider: { defaultProps: { size: 'xs', color: 'accent' } },
  },
});

const shared = {
  '--mantine-color-body': 'var(--surface1)',
  '--mantine-color-text': 'var(--text1)',
  '--mantine-color-dimmed': 'var(--text2)',
  '--mantine-color-placeholder': 'var(--text3)',
  '--mantine-color-anchor': 'var(--accentText)',
  '--mantine-color-default': 'var(--surface1)',
  '--mantine-color-default-hover': 'var(--surface2)',
  '--mantine-color-default-color': 'var(--text1)',
  '--mantine-color-default-border': 'var(--border)',
  '--mantine-color-error': 'var(--dangerText)',
  '--mantine-color-disabled': 'var(--surface3)',
  '--mantine-color-disabled-color': 'var(--text3)',
  '--mantine-color-accent-filled': 'var(--accent)',
  '--mantine-color-accent-filled-hover': 'var(--accentHover)',
  '--mantine-color-accent-light': 'var(--accentSoft)',
  '--mantine-color-accent-light-color': 'var(--accentText)',
  '--mantine-primary-color-filled': 'var(--accent)',
  '--mantine-primary-color-filled-hover': 'var(--accentHover)',
  '--mantine-primary-color-contrast': 'var(--onAccent)',
  '--mantine-shadow-md': 'var(--shadow)',
  '--mantine-shadow-lg': 'var(--shadow)',
  '--mantine-shadow-xl': 'var(--shadow)',
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
