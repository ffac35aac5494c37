// Parts of a screen as links, with a count each; the address keeps the part. TabBar: {label, tabs: {id, label, href,
// chip?}[], current}.
import type { ReactNode } from 'react';
import styles from './tab-bar.module.css';

export interface TabLink {
  id: string;
  label: string;
  href: string;
  chip?: ReactNode;
}

export function TabBar({ label, tabs, current }: { label: string; tabs: TabLink[]; current: string }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.id}
          href={tab.href}
          className={[styles.tab, tab.id === current ? styles.currentTab : ''].join(' ')}
          aria-current={tab.id === current ? 'page' : undefined}
        >
          {tab.label}
          {tab.chip}
        </a>
      ))}
    </nav>
  );
}
