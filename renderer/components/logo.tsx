// The mark of Tunesmith in the colours of the theme. Logo: {size?}.
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden>
      <rect width="24" height="24" rx="6" fill="var(--accent)" />
      <path
        d="M5 12c1.2-5.6 3.6-5.6 4.8-1.4l1.6 5c1.1 3.4 2.9 2.6 3.6-.4.5-2.3 1.9-3.4 4-3.2"
        fill="none"
        stroke="var(--onAccent)"
        strokeWidth="2"
        strokeLinecap="round"
      />
    </svg>
  );
}
