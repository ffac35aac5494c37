// The keys of UI.md section 3: one listener for the window, and the table that the keyboard map shows.
import { useEffect } from 'react';
import { screens } from '../screens/index.ts';
import { goTo, goToShellScreen, useRoute } from '../state/route.ts';
import { useSettings } from '../state/settings.ts';
import { useUi } from '../state/ui.ts';
import { redo, undo } from '../state/undo.ts';

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
export const mod = isMac ? '⌘' : 'Ctrl';

/** What the keyboard map lists: group, keys, what they do. */
export const keyMap: { group: string; rows: [keys: string, does: string][] }[] = [
  {
    group: 'Everywhere',
    rows: [
      [`${mod} K`, 'Find a screen, record or action'],
      [`${mod} P`, 'Switch the project'],
      [`${mod} 1 to 6, or G then 1 to 6`, 'Go to a step of the journey'],
      [`${mod} Enter`, 'The next step: the filled button of the screen'],
      [`${mod} Z`, 'Undo'],
      [`${mod} Shift Z`, 'Redo'],
      [`${mod} F`, 'Find on this screen'],
      [`${mod} J`, 'Open or close the job tray'],
      [`${mod} ,`, 'Settings'],
      ['F6', 'Next region: header, navigation, main part, jobs'],
      ['Esc', 'Close, or back to the list'],
      ['?', 'This map'],
    ],
  },
  {
    group: 'Tables',
    rows: [
      ['Arrows, Home, End', 'Move to another row'],
      ['Space', 'Add the row to what is chosen'],
      ['Enter', 'Open the row'],
    ],
  },
  {
    group: 'Records',
    rows: [
      ['J, K', 'Next and previous record'],
      ['T', 'Text, chat or tokens'],
    ],
  },
];

/** Scope of the undo stack of a screen. */
export function undoScope(screen: string, projectId: string | null): string {
  return `${screen}/${projectId ?? ''}`;
}

export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && /^(checkbox|radio|button|range)$/.test(target.type))
  );
}

function goToStep(digit: number): boolean {
  const screen = screens.find((one) => one.place === 'journey' && one.order === digit);
  if (!screen) return false;
  goTo(screen.id);
  return true;
}

function pressNextStep(): void {
  const button = document.querySelector<HTMLElement>('main [data-primary]:not([aria-disabled="true"])');
  button?.click();
}

const regions = ['header', 'nav', 'main', 'jobs'];

/** F6: the next landmark that is on screen; Shift goes back. */
function nextRegion(back: boolean): void {
  const found = regions
    .map((name) => document.querySelector<HTMLElement>(`[data-region="${name}"]`))
    .filter((element): element is HTMLElement => element !== null && element.offsetParent !== null);
  const at = found.findIndex((element) => element.contains(document.activeElement));
  const next = found[(at + (back ? -1 : 1) + found.length) % found.length];
  next?.focus();
}

function withModifier(event: KeyboardEvent): (() => void) | null {
  const key = event.key.toLowerCase();
  const { screen, projectId } = useRoute.getState();
  const scope = undoScope(screen, projectId);
  if (event.shiftKey) return key === 'z' && !isTyping(event.target) ? () => void redo(scope) : null;
  if (/^[1-7]$/.test(key)) return () => goToStep(Number(key));
  switch (key) {
    case 'k':
      return () => useUi.setState((state) => ({ paletteOpen: !state.paletteOpen }));
    case 'p':
      return () => useUi.setState({ switcherOpen: true });
    case 'j':
      return () => useUi.setState((state) => ({ trayOpen: !state.trayOpen }));
    case ',':
      return () => goToShellScreen('settings');
    case 'enter':
      return pressNextStep;
    case 'z':
      return isTyping(event.target) ? null : () => void undo(scope);
    case 'f': {
      const field = document.querySelector<HTMLInputElement>('main [data-find]');
      return field ? () => field.focus() : null;
    }
    default:
      return null;
  }
}

export function useKeys(): void {
  useEffect(() => {
    let goPressedAt = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.altKey) return;
      if (event.key === 'F6') {
        event.preventDefault();
        nextRegion(event.shiftKey);
        return;
      }
      if (event.ctrlKey || event.metaKey) {
        const act = withModifier(event);
        if (!act) return;
        event.preventDefault();
        act();
        return;
      }
      if (isTyping(event.target) || document.querySelector('[role="dialog"]')) return;
      if (event.key === '?') useUi.setState({ keyMapOpen: true });
      if (!(useSettings.getState().settings?.singleLetterKeys ?? true)) return;
      if (event.key.toLowerCase() === 'g') goPressedAt = event.timeStamp;
      else if (/^[1-7]$/.test(event.key) && event.timeStamp - goPressedAt < 1500) {
        goPressedAt = 0;
        if (goToStep(Number(event.key))) event.preventDefault();
      }
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}
