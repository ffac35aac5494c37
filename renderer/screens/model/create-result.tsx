// What came of making a model: how finely its tokenizer cuts the text, beside the one in use before; or why nothing came.
import { IconCheck } from '@tabler/icons-react';
import { useState } from 'react';
import type { Job } from '../../../main/contract/jobs.ts';
import { CreatedModel, type Fertility } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { decimal, integer } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { Term } from '../../components/term.tsx';
import { useDatasets } from '../../state/datasets.ts';
import { useJobs } from '../../state/jobs.ts';
import { useChosenModel, useModels } from '../../state/models.ts';
import { goTo, useProjectId } from '../../state/route.ts';
import { chooseModel } from './choose.ts';
import styles from './create.module.css';
import { createdSentence } from './create-design.ts';

export function CreateResult({ job }: { job: Job }) {
  if (job.dismissed) return null;
  const dismiss = () => {
    useJobs.getState().put({ ...job, dismissed: true });
    void call('jobs.dismiss', { jobId: job.id });
  };
  if (job.error)
    return (
      <ErrorNotice
        error={job.error}
        actions={
          <Button size="small" kind="text" onClick={dismiss}>
            Dismiss
          </Button>
        }
      />
    );
  const created = CreatedModel.safeParse(job.result);
  return created.success ? <Created created={created.data} /> : null;
}

function Created({ created }: { created: CreatedModel }) {
  const projectId = useProjectId();
  const chosen = useChosenModel(projectId);
  const version = useDatasets(projectId)[0];
  const isListed = useModels(({ list }) => list.some(({ id }) => id === created.modelId));
  const [fault, setFault] = useState<unknown>(null);
  const { own, base, modelId } = created;
  const isChosen = chosen?.id === modelId;
  if (!isListed) return null;
  const choose = async () => {
    try {
      await chooseModel(projectId, modelId, Boolean(version));
    } catch (thrown) {
      setFault(thrown);
    }
  };
  return (
    <Card
      title={own.name}
      sub="is made and in the list"
      divided
      aside={
        isChosen ? (
          <Button size="small" onClick={() => goTo(version ? 'train' : 'dataset')}>
            {version ? 'Set up the training' : 'Build the dataset'}
          </Button>
        ) : (
          <Button size="small" icon={IconCheck} onClick={() => void choose()}>
            Use this model
          </Button>
        )
      }
    >
      {fault !== null && <ErrorNotice error={fault} />}
      <p>{createdSentence(created)}</p>
      <table className={styles.compared}>
        <thead>
          <tr>
            <th scope="col">Tokenizer</th>
            <th scope="col" className={styles.right}>
              Entries
            </th>
            <th scope="col" className={styles.right}>
              <Term help="Fertility: the fewer pieces a word is cut into, the more text fits and the faster it goes.">
                Tokens per word
              </Term>
            </th>
            <th scope="col" className={styles.right}>
              Characters per token
            </th>
          </tr>
        </thead>
        <tbody>
          <Row one={own} />
          {base && <Row one={base} />}
        </tbody>
      </table>
    </Card>
  );
}

function Row({ one }: { one: Fertility }) {
  return (
    <tr>
      <th scope="row">{one.name}</th>
      <td className={styles.right}>{integer(one.vocabularySize)}</td>
      <td className={styles.right}>{decimal(one.tokensPerWord, 2)}</td>
      <td className={styles.right}>{decimal(one.charactersPerToken, 2)}</td>
    </tr>
  );
}
