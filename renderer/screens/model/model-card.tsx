// One model beside the list: what it is, its licence, and for each method whether it fits and how long an epoch takes.
import { IconCheck, IconTrash } from '@tabler/icons-react';
import type { BaseModel, Fit } from '../../../main/contract/models.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { about, bytes } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { Term } from '../../components/term.tsx';
import { AddTokensButton } from './add-tokens.tsx';
import styles from './model.module.css';
import { fitSentence, methodWords, modelFacts, originWords, verdictWords } from './words.ts';

interface ModelCardProps {
  model: BaseModel;
  fits: Fit[] | undefined;
  isChosen: boolean;
  /** Another model with more tokens is in the list. */
  onAdded: (model: BaseModel) => void;
  onRemove?: () => void;
}

export function ModelCard({ model, fits, isChosen, onAdded, onRemove }: ModelCardProps) {
  return (
    <Card
      grow
      divided
      title={model.name}
      aside={
        isChosen ? (
          <Chip tone="success" icon={IconCheck}>
            Chosen
          </Chip>
        ) : (
          <Chip hint={originWords[model.origin].help}>{originWords[model.origin].label}</Chip>
        )
      }
      footer={
        <>
          <span className={styles.folder} title={model.folder}>
            {model.folder}
          </span>
          {!model.problem && <AddTokensButton model={model} onAdded={onAdded} />}
          {onRemove && (
            <Button size="small" kind="text" icon={IconTrash} onClick={onRemove}>
              Take off the list
            </Button>
          )}
        </>
      }
    >
      {model.problem && <ErrorNotice error={model.problem} />}
      {model.warnings.map((warning) => (
        <Notice key={warning} tone="info">
          {warning}
        </Notice>
      ))}
      <dl className="facts">
        {modelFacts(model).map(([label, value, help]) => (
          <div key={label}>
            <dt>
              <Term help={help}>{label}</Term>
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {!model.problem && (
        <>
          <h3>On this computer</h3>
          {!fits && <Loading label="Working out what fits" lines={2} />}
          {fits && (
            <table className={styles.methods}>
              <thead>
                <tr>
                  <th scope="col">Method</th>
                  <th scope="col" className={styles.right}>
                    Memory
                  </th>
                  <th scope="col" className={styles.right}>
                    An epoch
                  </th>
                  <th scope="col" className={styles.right}>
                    Fit
                  </th>
                </tr>
              </thead>
              <tbody>
                {fits.map((fit) => (
                  <tr key={fit.method}>
                    <td>
                      <Term help={methodWords[fit.method].help}>{methodWords[fit.method].label}</Term>
                    </td>
                    <td className={styles.right}>{bytes(fit.peakBytes)}</td>
                    <td className={styles.right}>
                      {fit.secondsPerEpoch === null ? (
                        <span title="Known once a dataset version is frozen.">–</span>
                      ) : (
                        about(fit.secondsPerEpoch)
                      )}
                    </td>
                    <td className={styles.right}>
                      <Chip tone={verdictWords[fit.verdict].tone} hint={fitSentence(fit)}>
                        {verdictWords[fit.verdict].label}
                      </Chip>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <p className="caption muted">
            Predicted with the suggested settings. The Train screen plans with yours.
          </p>
        </>
      )}
    </Card>
  );
}
