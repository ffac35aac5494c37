// The one table: dense, sortable, selectable with mouse and keys, virtual above 200 rows.
// DataTable<Row>: {label, rows, columns, rowKey, selected?, onSelect?, onOpen?, sort?, onSort?, detail?, total?, offset?,
// empty?, rowHeight?, loading?, maxHeight?}. Column: {id, label, cell, align?, width?, priority?, sortBy?, help?}.
// Without `onSort` it sorts its own rows by `sortBy`. `detail(row)` returns what hangs under a row, such as its failure.
import { Tooltip } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from 'react';
import styles from './data-table.module.css';
import { integer } from './format.ts';
import { SkeletonRows } from './loading.tsx';

export interface Column<Row> {
  id: string;
  label: string;
  cell(row: Row, at: number): ReactNode;
  align?: 'left' | 'right';
  /** Any CSS width; one column without it takes the rest. */
  width?: string;
  /** 1 is always shown, 2 goes below 1200 px, 3 below 1440 px of window width. */
  priority?: 1 | 2 | 3;
  sortBy?(row: Row): number | string;
  /** One sentence on hover and focus of the head. */
  help?: string;
  /** Keeps the cell on one line and cuts it where there is no room; for the column that takes the rest. */
  cut?: boolean;
  /** The head is only read aloud, as above a menu of each row. */
  unlabelled?: boolean;
}

export interface Sort {
  column: string;
  descending: boolean;
}

export interface DataTableProps<Row> {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  rowKey(row: Row): string;
  selected?: ReadonlySet<string>;
  /** Called for a click, Space or an arrow key; `add` with Ctrl, `upTo` with Shift. */
  onSelect?(row: Row, how: 'only' | 'add' | 'upTo'): void;
  /** Enter or double click. */
  onOpen?(row: Row): void;
  sort?: Sort;
  onSort?(sort: Sort): void;
  detail?(row: Row): ReactNode;
  /** All rows of the filter, where `rows` is one page. */
  total?: number;
  offset?: number;
  empty?: ReactNode;
  rowHeight?: number;
  loading?: boolean;
  /** Shows "Rows 1 to 12 of 148" below. */
  counted?: boolean;
  /** At the left of the count. */
  footer?: ReactNode;
}

const virtualAbove = 200;

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rowKey, selected, onSelect, onOpen, detail, offset = 0, rowHeight = 34 } = props;
  const [ownSort, setOwnSort] = useState<Sort | null>(null);
  const sort = props.sort ?? ownSort;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);

  const rows = useMemo(() => {
    const column = props.onSort || !sort ? undefined : columns.find((one) => one.id === sort.column);
    if (!column?.sortBy) return props.rows;
    const by = column.sortBy;
    const direction = sort?.descending ? -1 : 1;
    return [...props.rows].sort((a, b) => direction * compare(by(a), by(b)));
  }, [props.rows, props.onSort, columns, sort]);

  const virtual = rows.length > virtualAbove;
  const virtualizer = useVirtualizer({
    count: rows.length,
    enabled: virtual,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (at) => rowKey(rows[at]),
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const shown = virtual ? items.map((item) => item.index) : rows.map((_, at) => at);
  const before = virtual ? (items[0]?.start ?? 0) : 0;
  const after = virtual ? virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;

  const focusRow = (at: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, at));
    setActive(next);
    if (virtual) virtualizer.scrollToIndex(next);
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus();
    });
    return next;
  };

  const onKeyDown = (event: KeyboardEvent, at: number) => {
    if (event.target !== event.currentTarget) return;
    const target = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: at + 12,
      PageUp: at - 12,
    }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      const next = focusRow(target);
      if (rows[next]) onSelect?.(rows[next], event.shiftKey ? 'upTo' : 'only');
    } else if (event.key === ' ') {
      event.preventDefault();
      onSelect?.(rows[at], 'add');
    } else if (event.key === 'Enter') {
      event.preventDefault();
      onOpen ? onOpen(rows[at]) : onSelect?.(rows[at], 'only');
    }
  };

  const changeSort = (column: Column<Row>) => {
    const next = { column: column.id, descending: sort?.column === column.id ? !sort.descending : false };
    props.onSort ? props.onSort(next) : setOwnSort(next);
  };

  const total = props.total ?? rows.length;
  return (
    <div className={styles.frame}>
      {/* biome-ignore lint/a11y/useSemanticElements: a frame that scrolls is no set of form fields */}
      <div
        ref={scroller}
        className={styles.scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keys
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        <table className={styles.table} aria-rowcount={virtual ? total + 1 : undefined}>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.id} column={column} sort={sort} onSort={() => changeSort(column)} />
              ))}
            </tr>
          </thead>
          <tbody>
            {props.loading && rows.length === 0 && <SkeletonRows columns={columns.length} />}
            {before > 0 && (
              <tr aria-hidden>
                <td colSpan={columns.length} style={{ height: before, padding: 0, border: 0 }} />
              </tr>
            )}
            {shown.map((at) => {
              const row = rows[at];
              const key = rowKey(row);
              const chosen = selected?.has(key) ?? false;
              const under = detail?.(row);
              return [
                <tr
                  key={key}
                  data-row={at}
                  className={[onSelect || onOpen ? styles.clickable : '', chosen ? styles.selected : ''].join(
                    ' ',
                  )}
                  style={{ height: rowHeight }}
                  aria-selected={onSelect ? chosen : undefined}
                  aria-rowindex={virtual ? offset + at + 2 : undefined}
                  tabIndex={
                    onSelect || onOpen ? (at === Math.min(active, rows.length - 1) ? 0 : -1) : undefined
                  }
                  onFocus={() => setActive(at)}
                  onKeyDown={(event) => onKeyDown(event, at)}
                  onClick={(event) => {
                    if (isControl(event.target)) return;
                    onSelect?.(
                      row,
                      event.shiftKey ? 'upTo' : event.ctrlKey || event.metaKey ? 'add' : 'only',
                    );
                    if (!onSelect) onOpen?.(row);
                  }}
                  onDoubleClick={() => onSelect && onOpen?.(row)}
                >
                  {columns.map((column) => (
                    <td key={column.id} className={cellClass(column)}>
                      {column.cell(row, at)}
                    </td>
                  ))}
                </tr>,
                under && (
                  <tr key={`${key}-detail`} className={styles.detail}>
                    <td colSpan={columns.length}>{under}</td>
                  </tr>
                ),
              ];
            })}
            {after > 0 && (
              <tr aria-hidden>
                <td colSpan={columns.length} style={{ height: after, padding: 0, border: 0 }} />
              </tr>
            )}
          </tbody>
        </table>
        {!props.loading && rows.length === 0 && props.empty && (
          <div className={styles.empty}>{props.empty}</div>
        )}
      </div>
      {((props.counted && rows.length > 0) || props.footer) && (
        <div className={styles.footer}>
          <span>{props.footer}</span>
          {props.counted && rows.length > 0 && (
            <span className="tabular">
              Rows {integer(offset + 1)} to {integer(offset + rows.length)} of {integer(total)}
            </span>
          )}
        </div>
      )}
    </div>
  );
}

function Head<Row>({ column, sort, onSort }: { column: Column<Row>; sort: Sort | null; onSort(): void }) {
  const sorted = sort?.column === column.id;
  const Arrow = sort?.descending ? IconArrowDown : IconArrowUp;
  const words = column.sortBy ? (
    <button type="button" className={styles.sortButton} onClick={onSort}>
      {column.label}
      {sorted && <Arrow size={12} stroke={2} aria-hidden />}
    </button>
  ) : (
    <span tabIndex={column.help ? 0 : undefined} className={column.unlabelled ? 'visuallyHidden' : undefined}>
      {column.label}
    </span>
  );
  return (
    <th
      scope="col"
      className={cellClass(column)}
      style={{
        width: column.width ?? (column.cut ? '100%' : undefined),
        minWidth: column.width?.endsWith('px') ? column.width : undefined,
      }}
      aria-sort={sorted ? (sort?.descending ? 'descending' : 'ascending') : undefined}
    >
      {column.help ? <Tooltip label={column.help}>{words}</Tooltip> : words}
    </th>
  );
}

function cellClass<Row>(column: Column<Row>): string {
  return [
    column.align === 'right' ? styles.right : '',
    column.cut ? styles.cut : '',
    styles[`priority${column.priority ?? 1}`],
  ].join(' ');
}

function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('button, a, input, label, select') !== null;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
