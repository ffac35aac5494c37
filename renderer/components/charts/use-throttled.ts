// A value that changes at most every `intervalMs`; the last one always arrives. Keeps live charts at 4 redraws a second.
import { useEffect, useRef, useState } from 'react';

export const REDRAW_MS = 250;

export function useThrottled<T>(value: T, intervalMs: number = REDRAW_MS): T {
  const [shown, setShown] = useState(value);
  const changedAt = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, changedAt.current + intervalMs - Date.now());
    const timer = setTimeout(() => {
      changedAt.current = Date.now();
      setShown(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, intervalMs]);
  return shown;
}
