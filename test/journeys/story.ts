// The tests of a journey are steps of one story: after one that failed, the rest is skipped.
import { afterEach, beforeEach } from 'vitest';

export function oneStory(): void {
  let failed = false;
  beforeEach(({ skip }) => skip(failed, 'an earlier step of this journey failed'));
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });
}
