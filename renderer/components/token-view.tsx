// Tokens as the model sees them, with the loss mask: learned tokens coloured, masked ones grey, special ones framed.
// TokenView: {tokens: {id, text, trained}[], limit?}; a list that reads "learned" or "masked". Legend: TokenLegend.
import { Fragment } from 'react';
import { integer } from './format.ts';
import styles from './token-view.module.css';

export interface Token {
  id: number;
  text: string;
  trained: boolean;
}

export interface TokenViewProps {
  tokens: Token[];
  /** Tokens that the model takes at most; what comes after is marked as cut off. */
  limit?: number;
  label?: string;
}

const shownAtMost = 2000;

/** Marks such as `<|im_end|>` or `</s>`, recognised by their form. */
function isSpecial(text: string): boolean {
  return /^<[|/]?[^\s<>]+\|?>$/.test(text) && text.length > 2;
}

/** Line ends and lone spaces made visible. */
function visible(text: string): string {
  return text.replace(/\n/g, '↵').replace(/\t/g, '→');
}

export function TokenView({ tokens, limit, label = 'Tokens of this record' }: TokenViewProps) {
  const shown = tokens.slice(0, shownAtMost);
  return (
    <div className={styles.view}>
      <ol className={styles.tokens} aria-label={label}>
        {shown.map((token, at) => {
          const cut = limit !== undefined && at >= limit;
          const classes = [
            styles.token,
            token.trained ? styles.learned : '',
            isSpecial(token.text) ? styles.special : '',
            cut ? styles.cut : '',
          ].join(' ');
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a token is known by its place only
            <Fragment key={at}>
              <li
                className={classes}
                title={`token ${token.id}, ${token.trained ? 'learned' : 'masked'}${cut ? ', cut off' : ''}`}
              >
                {visible(token.text)}
                <span className="visuallyHidden">{token.trained ? ' learned' : ' masked'}</span>
              </li>
              {token.text.includes('\n') && <li aria-hidden className={styles.lineEnd} />}
            </Fragment>
          );
        })}
      </ol>
      {tokens.length > shownAtMost && (
        <p className="caption muted">
          {integer(tokens.length - shownAtMost)} more tokens are not shown here.
        </p>
      )}
    </div>
  );
}

export function TokenLegend({ learned, masked }: { learned: number; masked: number }) {
  return (
    <div className={styles.legend}>
      <span className={`${styles.swatch} ${styles.learned}`} />
      <span>
        <strong className="tabular">{integer(learned)}</strong> tokens learned
      </span>
      <span className={styles.swatch} />
      <span>
        <strong className="tabular">{integer(masked)}</strong> shown, not learned
      </span>
      <span className={`${styles.swatch} ${styles.special}`} />
      <span>special token</span>
    </div>
  );
}
