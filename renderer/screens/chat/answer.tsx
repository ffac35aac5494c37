// One answer in a column: the text as it streams, then its numbers, why it ended, and the probability of each token.
import { IconChartBar, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import type { ChatAnswer } from '../../../main/contract/chat.ts';
import { IconButton } from '../../components/button.tsx';
import { Chip } from '../../components/chip.tsx';
import { decimal, duration, integer, percent, plural } from '../../components/format.ts';
import { copyText } from '../../state/ui.ts';
import styles from './chat.module.css';
import { finishWords } from './parts.tsx';

export interface AnswerProps {
  /** Name of the column, for screen readers. */
  label: string;
  answer: ChatAnswer | undefined;
  /** Whether the answer is written token by token; false = it is given at once, such as a label. */
  writes: boolean;
  /** Text so far; undefined when nothing streams into this turn. */
  streaming: string | undefined;
}

export function Answer({ label, answer, writes, streaming }: AnswerProps) {
  const [probabilities, setProbabilities] = useState(false);
  if (!answer)
    return (
      <div className={styles.answer}>
        <h3 className="visuallyHidden">Answer of {label}</h3>
        {streaming === undefined ? (
          <span className="muted">No answer</span>
        ) : (
          <p className={styles.text}>
            {streaming}
            <span className={styles.caret} aria-hidden="true" />
            {streaming === '' && <span className="muted">Reading the prompt</span>}
          </p>
        )}
      </div>
    );
  const finish = finishWords[answer.finish];
  return (
    <div className={styles.answer}>
      <h3 className="visuallyHidden">Answer of {label}</h3>
      {probabilities ? (
        <Probabilities answer={answer} />
      ) : (
        <p className={styles.text}>
          {answer.text || <em className="muted">{emptyWords(answer, writes)}</em>}
        </p>
      )}
      <div className={styles.numbers}>
        {writes || answer.finish === 'cancelled' ? (
          <Chip tone={answer.finish === 'stop' ? 'neutral' : 'warning'} hint={finish.help}>
            {finish.word}
          </Chip>
        ) : null}
        <span>{writes ? writtenIn(answer) : labelledIn(answer)}</span>
        <span className={styles.numbersEnd}>
          {writes && (
            <IconButton
              size="small"
              icon={IconChartBar}
              label={probabilities ? 'Show as text' : 'Show the probability of each token'}
              aria-pressed={probabilities}
              onClick={() => setProbabilities(!probabilities)}
            />
          )}
          <IconButton
            size="small"
            icon={IconCopy}
            label="Copy the answer"
            onClick={() => void copyText(answer.text, 'The answer is copied.')}
          />
        </span>
      </div>
    </div>
  );
}

/** "12 tokens · 31.0 tokens/s · 0.4 s to the first"; one token alone has no speed. */
const writtenIn = ({ newTokens, tokensPerSecond, msToFirstToken }: ChatAnswer): string =>
  [
    plural(newTokens, 'token'),
    ...(tokensPerSecond > 0 ? [`${decimal(tokensPerSecond, 1)} tokens/s`] : []),
    `${duration(msToFirstToken / 1000)} to the first`,
  ].join(' · ');

/** "93.1 % probable · 0.1 s", one share for each label; without shares where the model tells none. */
const labelledIn = ({ tokens, msToFirstToken }: ChatAnswer): string => {
  const shares = tokens.filter(({ probability }) => probability > 0).map((one) => percent(one.probability));
  return [
    ...(shares.length > 0 ? [`${shares.join(', ')} probable`] : []),
    ...(msToFirstToken > 0 ? [duration(msToFirstToken / 1000)] : []), // 0: nothing was computed
  ].join(' · ');
};

/** Why there is nothing to read. */
const emptyWords = ({ newTokens }: ChatAnswer, writes: boolean): string =>
  writes && newTokens > 0 ? 'only special tokens, which are not shown' : 'empty answer';

/** Each token with a bar as high as its probability; the number on hover and focus, and in the list for all. */
function Probabilities({ answer }: { answer: ChatAnswer }) {
  const mean =
    answer.tokens.reduce((sum, token) => sum + token.probability, 0) / Math.max(1, answer.tokens.length);
  return (
    <div>
      <ol className={styles.tokens} aria-label="Tokens with their probability">
        {answer.tokens.map((token, at) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: equal tokens occur again; their place names them
            key={`${at} ${token.text}`}
            className={styles.token}
            data-level={levelOf(token.probability)}
            title={`${percent(token.probability)} probable`}
          >
            {token.text.replace(/\n/g, '↵')}
            <span className="visuallyHidden"> {percent(token.probability)}</span>
            <span className={styles.tokenBar} aria-hidden="true">
              <span style={{ width: `${token.probability * 100}%` }} />
            </span>
          </li>
        ))}
      </ol>
      <p className="caption muted">
        Mean probability {percent(mean)} over {integer(answer.tokens.length)} tokens. Hover a token for its
        own.
      </p>
    </div>
  );
}

/** `low` below one in ten, `middle` below one half. */
export function levelOf(probability: number): 'low' | 'middle' | 'high' {
  return probability < 0.1 ? 'low' : probability < 0.5 ? 'middle' : 'high';
}
